import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.Properties;

/**
 * Runs one job with pgjdbc: Client URL USER PASSWORD SESSIONS TIMES QUERY... opens SESSIONS connections one after the
 * other, runs each query as a prepared statement TIMES times (five make pgjdbc name it on the server) and prints the
 * cells of each row of the last run, tab separated. Queries that start with "simple:" go through Statement.
 */
public class Client {
  public static void main(String[] args) throws Exception {
    int sessions = Integer.parseInt(args[3]);
    int times = Integer.parseInt(args[4]);
    for (int i = 0; i < sessions; i++) {
      runSession(args, times);
    }
  }

  private static void runSession(String[] args, int times) throws Exception {
    Properties properties = new Properties();
    properties.setProperty("user", args[1]);
    properties.setProperty("password", args[2]);
    try (Connection connection = DriverManager.getConnection(args[0], properties)) {
      for (int q = 5; q < args.length; q++) {
        if (args[q].startsWith("simple:")) {
          try (Statement statement = connection.createStatement()) {
            if (statement.execute(args[q].substring(7))) print(statement.getResultSet());
          }
        } else {
          runPrepared(connection, args[q], times);
        }
      }
    }
  }

  private static void runPrepared(Connection connection, String query, int times) throws Exception {
    try (PreparedStatement statement = connection.prepareStatement(query)) {
      for (int t = 0; t < times; t++) {
        try (ResultSet rows = statement.executeQuery()) {
          if (t + 1 == times) print(rows);
        }
      }
    }
  }

  private static void print(ResultSet rows) throws Exception {
    int columns = rows.getMetaData().getColumnCount();
    while (rows.next()) {
      StringBuilder line = new StringBuilder();
      for (int c = 1; c <= columns; c++) {
        line.append(c > 1 ? "\t" : "").append(rows.getString(c));
      }
      System.out.println(line);
    }
  }
}
