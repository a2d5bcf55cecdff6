"""Chaos through few servers: no client may ever see a byte that belongs to another (the bug that would kill us).

Each client has a token of its own in everything it sends, misbehaves in every way a client can, and checks that only
its own token comes back, in the right order and number."""

import random
import threading
import time

import pytest

from harness import messages as m
from harness import net
from harness.wire import Closed, ServerError, Wire, send_cancel

SECONDS = 8


class Mixed(AssertionError):
    """Something of another client, or something never asked for, arrived."""


class Chaos:
    """One misbehaving client."""

    def __init__(self, port, number, table, user, seed):
        self.port, self.token, self.table, self.user = port, f"token{number:04d}", table, user
        self.random = random.Random(seed)
        self.count = 0
        self.done = 0
        self.wire = None

    # --- the checks

    def fresh(self):
        """A value nobody else has and this client never had before."""
        self.count += 1
        return f"{self.token}-{self.count}"

    def check(self, condition, received):
        if not condition:
            raise Mixed(f"{self.token}: {[(x.kind, x.body[:80]) for x in received][:12]}")

    def check_rows(self, received, kinds, values):
        self.check(m.kinds(received) == kinds and [v for row in m.rows(received) for v in row] == values, received)

    # --- the ways to use a connection

    def connect(self):
        self.wire = Wire(self.port, timeout=30)
        self.wire.login(self.user, "p0", application_name=self.token)
        self.statements = {}

    def simple(self):
        value = self.fresh()
        self.check_rows(self.wire.query(f"select '{value}'"), "TDCZ", [value])

    def several_queries_in_one_write(self):
        values = [self.fresh() for _ in range(self.random.randrange(2, 6))]
        self.wire.send(*(m.query(f"select '{value}'") for value in values))
        for value in values:
            self.check_rows(self.wire.receive_until("Z"), "TDCZ", [value])

    def extended_pipeline(self):
        batches = [[self.fresh() for _ in range(self.random.randrange(1, 5))] for _ in range(3)]
        for batch in batches:
            for value in batch:
                self.wire.send(m.parse("", "select $1::text"), m.bind("", "", [value.encode()]), m.execute())
            self.wire.send(m.SYNC)
        for batch in batches:
            self.check_rows(self.wire.receive_until("Z"), "12DC" * len(batch) + "Z", batch)

    def named_statement(self):
        """Statement texts are shared by all clients, names and values are not."""
        name = f"s{self.random.randrange(6)}"
        text = f"select $1::text, {name[1:]}"
        value = self.fresh()
        parts, kinds = [], ""
        if name not in self.statements:
            parts, kinds = [m.parse(name, text)], "1"
            self.statements[name] = text
        received = self.wire.extended(*parts, m.bind("", name, [value.encode()]), m.execute())
        self.check_rows(received, kinds + "2DCZ", [value, name[1:]])
        if self.random.random() < 0.2:
            del self.statements[name]
            received = self.wire.extended(m.close("S", name))
            self.check(m.kinds(received) == "3Z", received)

    def error_in_a_pipeline(self):
        before, after = self.fresh(), self.fresh()
        run = lambda sql: m.parse("", sql) + m.bind("", "") + m.execute()
        self.wire.send(run(f"select '{before}'"), run("select 1/0"), run("select 'never'"), m.SYNC,
                       run(f"select '{after}'"), m.SYNC)
        received = self.wire.receive_until("Z")
        self.check(m.rows(received) == [[before]] and m.kinds(received)[-2:] == "EZ", received)
        self.check_rows(self.wire.receive_until("Z"), "12DCZ", [after])

    def transaction(self):
        value = self.fresh()
        memory = f"{1025 + self.count % 1000}kB"
        received = self.wire.query("begin")
        self.check(received[-1].body == b"T", received)
        self.wire.query(f"set local work_mem = '{memory}'")
        self.check_rows(self.wire.query(f"select '{value}', current_setting('work_mem')"), "TDCZ", [value, memory])
        received = self.wire.query(self.random.choice(("commit", "rollback")))
        self.check(m.kinds(received) == "CZ" and received[-1].body == b"I", received)

    def session_parameter(self):
        self.check_rows(self.wire.query("show application_name"), "TDCZ", [self.token])

    def copy_out(self):
        rows = self.random.randrange(1, 400)
        value = self.fresh()
        received = self.wire.query(f"copy (select '{value}' from generate_series(1, {rows})) to stdout")
        self.check(m.kinds(received) == "H" + "d" * rows + "cCZ", received)
        self.check({x.body for x in received if x.kind == "d"} == {value.encode() + b"\n"}, received)

    def copy_in_with_a_query_behind(self):
        value = self.fresh()
        bad = self.random.random() < 0.3
        self.wire.send(m.query(f"copy {self.table} from stdin"))
        if self.random.random() < 0.5:
            self.check(m.kinds(self.wire.receive_until("G")) == "G", [])
            started = ""
        else:
            started = "G"
        self.wire.send(m.copy_data(value.encode() + (b"\tsurplus\n" if bad else b"\n")), m.COPY_DONE,
                       m.query(f"select '{value}'"))
        received = self.wire.receive_until("Z")
        self.check(m.kinds(received) == started + ("EZ" if bad else "CZ"), received)
        self.check_rows(self.wire.receive_until("Z"), "TDCZ", [value])

    def large_row(self):
        value = self.fresh()
        size = self.random.randrange(1, 60000)
        self.check_rows(self.wire.query(f"select '{value}' || repeat('x', {size})"), "TDCZ", [value + "x" * size])

    def cancel_own_query(self):
        value = self.fresh()
        self.wire.send(m.query(f"select '{value}', pg_sleep(0.03)"))
        time.sleep(self.random.random() * 0.05)
        send_cancel(self.port, self.wire.key, timeout=20)
        received = self.wire.receive_until("Z")
        if "E" in m.kinds(received):
            self.check([x.fields["C"] for x in received if x.kind == "E"] == ["57014"], received)
        else:
            self.check_rows(received, "TDCZ", [value, ""])

    # --- the ways to leave

    def leave(self):
        way = self.random.randrange(6)
        try:
            if way == 1:
                self.wire.send(m.query(f"select '{self.fresh()}', pg_sleep(0.02)"))
            elif way == 2:
                self.wire.send(m.query("begin"), m.query(f"select '{self.fresh()}'"))
            elif way == 3:
                self.wire.send(m.query(f"copy {self.table} from stdin"), m.copy_data(b"half"))
            elif way == 4:
                self.wire.send(m.parse("", f"select '{self.fresh()}'"), m.bind("", ""), m.execute(), m.FLUSH)
            elif way == 5:
                self.wire.send(m.query(f"select '{self.fresh()}' from generate_series(1, 5000)")[:-9])
            if self.random.random() < 0.5:
                self.wire.send(m.TERMINATE)
        except OSError:
            pass
        self.wire.close()

    def run(self, until):
        actions = [self.simple, self.several_queries_in_one_write, self.extended_pipeline, self.named_statement,
                   self.named_statement, self.error_in_a_pipeline, self.transaction, self.session_parameter,
                   self.copy_out, self.copy_in_with_a_query_behind, self.large_row, self.cancel_own_query]
        while time.monotonic() < until:
            self.connect()
            for _ in range(self.random.randrange(1, 40)):
                self.random.choice(actions)()
                self.done += 1
                if time.monotonic() > until:
                    break
            self.leave()


def run_all(clients, seconds, meanwhile):
    """Runs the clients in threads, `meanwhile` every second beside them; raises the first failure."""
    failures = []
    until = time.monotonic() + seconds

    def guarded(client):
        try:
            client.run(until)
        except (Closed, ServerError, OSError, AssertionError) as failure:
            failures.append((client.token, failure))

    threads = [threading.Thread(target=guarded, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    while time.monotonic() < until and not failures:
        meanwhile()
        time.sleep(1)
    for thread in threads:
        thread.join(60 * net.patience)
        assert not thread.is_alive(), "a client hangs"
    assert not failures, f"{len(failures)} clients failed, first {failures[0][0]}: {failures[0][1]!r}"


@pytest.mark.quick
@pytest.mark.parametrize("seed", [1])
def test_chaos_keeps_every_client_to_itself(start_pooler, table, seed):
    settings = {"pool_mode": "transaction", "default_pool_size": 3, "max_client_conn": 200, "pkt_buf": 4096,
                "max_prepared_statements": 4}
    pooler = start_pooler(settings=settings)
    clients = [Chaos(pooler.port, i, table, "alice", seed * 1000 + i) for i in range(24)]
    run_all(clients, SECONDS, lambda: None)
    assert sum(client.done for client in clients) > 200
    assert pooler.pool()["sv_idle"] + pooler.pool()["sv_active"] <= 3


def test_chaos_with_servers_changing_hands_between_pools(start_pooler, table):
    """Two users under max_db_connections evict each other's servers while RECONNECT and lifetimes replace them."""
    settings = {"pool_mode": "transaction", "default_pool_size": 3, "max_db_connections": 4, "max_client_conn": 200,
                "server_lifetime": 1, "server_check_delay": 0, "server_check_query": "select 1"}
    pooler = start_pooler(settings=settings)
    clients = [Chaos(pooler.port, i, table, ("alice", "bob")[i % 2], i) for i in range(16)]
    run_all(clients, SECONDS, lambda: pooler.admin("RECONNECT"))
    assert sum(client.done for client in clients) > 100


@pytest.mark.workers(2)
def test_chaos_in_session_mode(start_pooler, table):
    pooler = start_pooler(settings={"pool_mode": "session", "default_pool_size": 4, "max_client_conn": 200})
    clients = [SessionChaos(pooler.port, i, table, "alice", i) for i in range(10)]
    run_all(clients, SECONDS, lambda: None)
    assert sum(client.done for client in clients) > 50


class SessionChaos(Chaos):
    """In session mode a session starts with the state of a new one, whatever its predecessor did."""

    def connect(self):
        super().connect()
        self.check_rows(self.wire.query("show work_mem"), "TDCZ", ["4MB"])
        self.check_rows(self.wire.query("select count(*)::text from pg_prepared_statements"), "TDCZ", ["0"])
        self.wire.query("set work_mem = '5MB'")
        self.wire.query("create temp table mine (v text)")
