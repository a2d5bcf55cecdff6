// Runs one job with pgx: pgx URL SESSIONS TIMES QUERY... opens SESSIONS connections one after the other, runs each query
// TIMES times (its statement cache prepares it under a name) and prints the rows of the last run, tab separated.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"strconv"

	"github.com/jackc/pgx/v5"
)

func main() {
	log.SetFlags(0)
	sessions, err := strconv.Atoi(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	times, err := strconv.Atoi(os.Args[3])
	if err != nil {
		log.Fatal(err)
	}
	for i := 0; i < sessions; i++ {
		if err := runSession(os.Args[1], times, os.Args[4:]); err != nil {
			log.Fatal(err)
		}
	}
}

func runSession(url string, times int, queries []string) error {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	for _, query := range queries {
		for t := 0; t < times; t++ {
			if err := runQuery(ctx, conn, query, t+1 == times); err != nil {
				return err
			}
		}
	}
	return nil
}

func runQuery(ctx context.Context, conn *pgx.Conn, query string, show bool) error {
	rows, err := conn.Query(ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		values, err := rows.Values()
		if err != nil {
			return err
		}
		for i, value := range values {
			if show && i > 0 {
				fmt.Print("\t")
			}
			if show {
				fmt.Print(value)
			}
		}
		if show {
			fmt.Println()
		}
	}
	return rows.Err()
}
