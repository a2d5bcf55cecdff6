"""Random pipelines through few servers, each compared with what PostgreSQL itself answers to the same bytes.

Each client has a direct connection to PostgreSQL beside its pooled one and sends the same random messages to both. What
comes back must be the same, byte for byte, and may hold no other client's token."""

import os
import random
import re
import threading
import time

import pytest

from harness import messages as m
from harness import net
from harness.wire import Closed, Wire, send_cancel

TOKEN = re.compile(rb"tok-[0-9a-f]+-\d+")

# What a server says about itself rather than in answer: it differs from connection to connection.
OF_THE_CONNECTION = "SNA"


class Different(AssertionError):
    """The pooler answered otherwise than PostgreSQL, or with something of another client."""


def run(sql, *values):
    return m.parse("", sql) + m.bind("", "", values) + m.execute()


class Script:
    """Random messages in batches. PostgreSQL's answer to all of it depends on nothing but their order."""

    def __init__(self, chance, token, table, mode, names):
        self.chance, self.token, self.table, self.mode = chance, token, table, mode
        self.names = names
        self.count = 0
        self.parts = []
        for _ in range(chance.randrange(1, 6)):
            chance.choice(self.batches())()
        if chance.random() < 0.1:
            self.deallocate_all()
        self.end = self.fresh()
        self.parts.append(m.query(f"select '{self.end}'"))

    def batches(self):
        batches = [self.simple, self.simple_error, self.several_statements, self.extended, self.extended, self.extended,
                   self.parse_names, self.parse_names, self.copy_out, self.copy_in, self.copy_in, self.copy_in_extended,
                   self.copy_in_extended, self.stray_copy_messages, self.large]
        return batches if self.mode == "statement" else batches + [self.transaction, self.transaction]

    def fresh(self):
        self.count += 1
        return f"{self.token}-{self.chance.randrange(1 << 30)}"

    def add(self, *parts):
        self.parts.extend(parts)

    # --- simple queries

    def simple(self):
        for _ in range(self.chance.randrange(1, 4)):
            self.add(m.query(f"select '{self.fresh()}' from generate_series(1, {self.chance.randrange(4)})"))

    def simple_error(self):
        self.add(m.query(f"select '{self.fresh()}'; select 1/0; select 'never'"), m.query(f"select '{self.fresh()}'"))

    def several_statements(self):
        self.add(m.query(f"select '{self.fresh()}'; ; select '{self.fresh()}', 2"), m.query(""))

    def large(self):
        self.add(m.query(f"select '{self.fresh()}', repeat('{self.fresh()}', {self.chance.randrange(9000)})"))

    def transaction(self):
        self.add(m.query("begin"))
        for _ in range(self.chance.randrange(1, 3)):
            self.chance.choice([self.simple, self.simple_error, self.extended, self.copy_in])()
        self.add(m.query(self.chance.choice(["commit", "rollback"])))

    # --- the extended protocol

    def parse_names(self):
        """In batches without errors: the pooler keeps the name of a Parse that failed, PostgreSQL does not."""
        for name in self.chance.sample(["a", "b", "c", "d", "e", "f"], 3):
            if name in self.names:
                self.names.discard(name)
                self.add(m.close("S", name))
            else:
                self.names.add(name)
                self.add(m.parse(name, f"select $1::text, '{name}'"), m.describe("S", name))
        self.add(m.SYNC)

    def extended(self):
        for _ in range(self.chance.randrange(1, 7)):
            self.add(self.chance.choice([self.unnamed, self.unnamed, self.named, self.named, self.portal, self.flush,
                                         self.failing])())
        self.add(m.SYNC)
        if self.chance.random() < 0.2:
            self.add(m.SYNC)

    def unnamed(self):
        describe = self.chance.choice([b"", m.describe("P", "")])
        return m.parse("", "select $1::text") + m.bind("", "", [self.fresh().encode()]) + describe + m.execute()

    def named(self):
        if not self.names:
            return b""
        name = self.chance.choice(sorted(self.names))
        describe = self.chance.choice([b"", m.describe("S", name)])
        return describe + m.bind("", name, [self.fresh().encode()]) + m.execute()

    def portal(self):
        return (m.parse("", f"select '{self.fresh()}', n from generate_series(1, 5) n") + m.bind("p", "") +
                m.execute("p", 2) + m.execute("p", 2) + m.close("P", "p"))

    def flush(self):
        return m.FLUSH

    def failing(self):
        return self.chance.choice([run("select 1/0"), m.parse("", "select nonsense from"), m.bind("", "no such name"),
                                   m.execute("no such portal"), m.bind("", "", [b"surplus", b"values"])]
                                  if self.mode == "session" else
                                  [run("select 1/0"), m.parse("", "select nonsense from"), m.execute("no such portal")])

    def deallocate_all(self):
        """Last, since the pooler frees the names when it has the answer."""
        self.names.clear()
        self.add(m.query("deallocate all"))

    # --- copies

    def copy_out(self):
        sql = f"copy (select '{self.fresh()}' from generate_series(1, {self.chance.randrange(300)})) to stdout"
        self.add(m.query(sql) if self.chance.random() < 0.5 else run(sql) + m.SYNC)

    def data(self):
        rows = [self.fresh().encode() + b"\n" for _ in range(self.chance.randrange(4))]
        if self.chance.random() < 0.4:
            rows.insert(self.chance.randrange(len(rows) + 1), b"x\tsurplus\n")
        return [m.copy_data(row) for row in rows]

    def ending(self):
        return m.COPY_DONE if self.chance.random() < 0.8 else m.copy_fail("changed my mind")

    def copy_in(self):
        target = self.table if self.chance.random() < 0.9 else "no_such_table"
        self.add(m.query(f"copy {target} from stdin"), *self.data(), self.ending())

    def copy_in_extended(self):
        """With Syncs in front of the data, which the server reads inside its COPY and ignores."""
        target = self.table if self.chance.random() < 0.9 else "no_such_table"
        data = self.data()
        for _ in range(self.chance.choice([0, 1, 1, 2])):
            data.insert(0, m.SYNC)
        self.add(run(f"copy {target} from stdin"), *data, self.ending(), m.SYNC)

    def stray_copy_messages(self):
        self.add(m.copy_data(b"stray\n"), m.COPY_DONE)


def receive_script(wire, script):
    """All that comes, up to the end of the script's last query."""
    received = []
    while True:
        received.append(wire.receive())
        if received[-1].kind == "D" and script.end.encode() in received[-1].body:
            break
    return [x for x in received + wire.receive_until("Z") if x.kind not in OF_THE_CONNECTION]


def comparable(received):
    """Of an error only code and text, since a Parse of the pooler's may say it; the name in it is the pooler's, too."""
    texts = [(x.kind, (x.fields["C"], x.fields["M"]) if x.kind == "E" else x.body) for x in received]
    return [(kind, (text[0], re.sub('"[^"]*"', "name", text[1])) if kind == "E" else text) for kind, text in texts]


class RandomClient:
    def __init__(self, pooler_port, postgres_port, number, table, mode, user, seed):
        self.ports, self.table, self.mode, self.user = (pooler_port, postgres_port), table, mode, user
        self.chance = random.Random(seed)
        self.token = f"tok-{seed * 1000 + number:x}"
        self.done = 0
        self.pooled = self.direct = None

    def connect(self):
        self.names = set()
        self.pooled = Wire(self.ports[0], timeout=30).login(self.user, "p0")
        self.direct = Wire(self.ports[1], timeout=30).login(self.user, "p0")

    def send(self, parts):
        """The bytes in writes that end anywhere."""
        data = b"".join(parts)
        cuts = sorted(self.chance.randrange(len(data)) for _ in range(self.chance.choice([0, 0, 1, 3, 10])))
        for start, end in zip([0, *cuts], [*cuts, len(data)]):
            self.pooled.send(data[start:end])
            if self.chance.random() < 0.3:
                time.sleep(self.chance.random() * 0.01)

    def compare(self, script, received, expected):
        for x in received:
            for token in TOKEN.findall(x.body):
                if not token.startswith(self.token.encode() + b"-"):
                    raise Different(f"{self.token} got {token} in {x}")
        if comparable(received) == comparable(expected):
            return
        raise Different(f"{self.token} sent {script.parts}\n  got      {m.kinds(received)} {received[:40]}\n"
                        f"  expected {m.kinds(expected)} {expected[:40]}")

    def exchange(self):
        script = Script(self.chance, self.token, self.table, self.mode, self.names)
        self.direct.send(*script.parts)
        expected = receive_script(self.direct, script)
        sending = threading.Thread(target=self.send, args=(script.parts,))
        sending.start()
        try:
            received = receive_script(self.pooled, script)
        except (OSError, Closed, AssertionError) as failure:
            raise Different(f"{self.token} sent {script.parts}\n  expected {m.kinds(expected)}\n  {failure!r}") from None
        finally:
            sending.join()
        self.compare(script, received, expected)
        self.done += 1

    def cancelled_query(self):
        """Nobody but this client may be cancelled, which all the comparing proves."""
        self.pooled.send(m.query(f"select '{self.token}-1' from pg_sleep(0.02)"))
        time.sleep(self.chance.random() * 0.04)
        send_cancel(self.ports[0], self.pooled.key, timeout=30)
        received = self.pooled.receive_until("Z")
        if "E" in m.kinds(received):
            assert [x.fields["C"] for x in received if x.kind == "E"] == ["57014"]
        else:
            assert m.rows(received) == [[f"{self.token}-1"]]

    def leave(self):
        """At any point of a script."""
        script = b"".join(Script(self.chance, self.token, self.table, self.mode, self.names).parts)
        try:
            self.pooled.send(script[:self.chance.randrange(len(script) + 1)])
            if self.chance.random() < 0.3:
                self.pooled.send(m.TERMINATE)
            if self.chance.random() < 0.5:
                time.sleep(self.chance.random() * 0.02)
        except OSError:
            pass
        self.pooled.close()
        self.direct.close()

    def run(self, until):
        while time.monotonic() < until:
            self.connect()
            for _ in range(self.chance.randrange(1, 20)):
                if time.monotonic() > until:
                    break
                self.cancelled_query() if self.chance.random() < 0.1 else self.exchange()
            self.leave()


def run_clients(clients, seconds):
    failures = []
    until = time.monotonic() + seconds

    def guarded(client):
        try:
            client.run(until)
        except Exception as failure:
            failures.append((client.token, failure))
        finally:
            for wire in filter(None, (client.pooled, client.direct)):
                wire.close()

    threads = [threading.Thread(target=guarded, args=(client,), daemon=True) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60 * net.patience + seconds)
        assert not thread.is_alive(), "a client hangs"
    assert not failures, f"{len(failures)} clients failed, first {failures[0][0]}: {failures[0][1]}"


@pytest.fixture
def seed(request):
    """UVB_SEED repeats a run (as far as the timing allows)."""
    chosen = int(os.environ.get("UVB_SEED", "0")) or random.randrange(1, 1 << 20)
    print(f"UVB_SEED={chosen}")
    return chosen


@pytest.fixture
def seconds(request):
    quick = request.config.getoption("--suite") == "quick"
    return float(os.environ.get("UVB_SECONDS", "5" if quick else "12"))


@pytest.mark.quick
@pytest.mark.parametrize("mode", ["transaction", "statement", "session"])
def test_random_pipelines_are_answered_as_postgresql_does(start_pooler, postgres, table, mode, seed, seconds):
    settings = {"pool_mode": mode, "default_pool_size": 3 if mode != "session" else 8, "max_client_conn": 200,
                "max_prepared_statements": 2}
    pooler = start_pooler(settings=settings)
    clients = [RandomClient(pooler.port, postgres.port, i, table, mode, "alice", seed) for i in range(8)]
    for number, client in enumerate(clients):
        client.chance = random.Random(seed * 1000 + number)
    run_clients(clients, seconds)
    print(f"{sum(client.done for client in clients)} scripts compared")
    assert sum(client.done for client in clients) > 20
    try:
        pooler.wait_pool(sv_active=0)
    except AssertionError:
        raise AssertionError(f"{pooler.show('CLIENTS')}\n{pooler.show('SERVERS')}") from None
