// Runs the job given as JSON in the first argument with node-pg; prints one JSON line per query result.
// The job: {host, port, user, password, database, ca?, options?, startup?: {...}, sessions: [[sql, ...], ...]};
// each session is one connection.
const fs = require('fs');
const {Client} = require(process.env.NODE_DEPS + '/pg');

async function runSession(job, queries) {
  const client = new Client({
    host: job.host, port: job.port, user: job.user, password: job.password, database: job.database,
    options: job.options, ...job.startup,
    ssl: job.sslmode === 'disable' ? false :
      job.ca ? {ca: fs.readFileSync(job.ca), servername: job.servername} : {rejectUnauthorized: false},
  });
  await client.connect();
  for (const text of queries) {
    const result = await client.query({text, rowMode: 'array'});
    console.log(JSON.stringify(result.rows));
  }
  // A named statement: a second program that uses the same name must not meet the first one's.
  for (let i = 0; i < 2; i++) {
    const result = await client.query({name: 'again', text: queries[queries.length - 1], rowMode: 'array'});
    console.log(JSON.stringify(result.rows));
  }
  await client.end();
}

(async () => {
  const job = JSON.parse(process.argv[2]);
  for (const queries of job.sessions) await runSession(job, queries);
})().catch((error) => {
  console.error(error.message);
  process.exit(1);
});
