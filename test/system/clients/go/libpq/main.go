// Runs one job with lib/pq: libpq URL SESSIONS QUERY... opens SESSIONS connections one after the other and prints the
// cells of each row, tab separated.
package main

import (
	"database/sql"
	"fmt"
	"log"
	"os"
	"strconv"

	_ "github.com/lib/pq"
)

func main() {
	log.SetFlags(0)
	sessions, err := strconv.Atoi(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	for i := 0; i < sessions; i++ {
		if err := runSession(os.Args[1], os.Args[3:]); err != nil {
			log.Fatal(err)
		}
	}
}

func runSession(url string, queries []string) error {
	db, err := sql.Open("postgres", url)
	if err != nil {
		return err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	for _, query := range queries {
		// Once as text and once as a prepared statement: two different ways through the protocol.
		rows, err := db.Query(query)
		if err != nil {
			return err
		}
		if err := printRows(rows); err != nil {
			return err
		}
		if err := runPrepared(db, query); err != nil {
			return err
		}
	}
	return nil
}

func runPrepared(db *sql.DB, query string) error {
	statement, err := db.Prepare(query)
	if err != nil {
		return err
	}
	defer statement.Close()
	rows, err := statement.Query()
	if err != nil {
		return err
	}
	return printRows(rows)
}

func printRows(rows *sql.Rows) error {
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	cells := make([]any, len(columns))
	targets := make([]any, len(columns))
	for i := range cells {
		targets[i] = &cells[i]
	}
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			return err
		}
		for i, cell := range cells {
			if i > 0 {
				fmt.Print("\t")
			}
			if text, ok := cell.([]byte); ok {
				cell = string(text)
			}
			fmt.Print(cell)
		}
		fmt.Println()
	}
	return rows.Err()
}
