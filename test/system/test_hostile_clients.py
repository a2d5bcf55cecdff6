"""Clients that send garbage, stop reading or vanish: nobody else may notice."""

import os
import random
import socket
import struct
import threading
import time

import pytest

from harness import messages as m
from harness import net
from harness.wire import Closed, ServerError


@pytest.fixture
def guarded(tx):
    """A transaction pooler that must still serve a client which was there before, and a new one."""
    with tx.login() as witness:
        witness.value("select 1")
        yield tx
        assert witness.value("select 'still here'") == "still here"
        with tx.login() as late:
            assert late.value("select 'welcome'") == "welcome"


def pour(port, data, wait=0.3):
    """Sends bytes to a fresh connection and reads what comes for a moment."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as sock:
        try:
            sock.sendall(data)
            sock.settimeout(wait)
            while sock.recv(65536):
                pass
        except OSError:
            pass


@pytest.mark.compat
@pytest.mark.quick
def test_random_bytes_instead_of_a_startup(guarded):
    generator = random.Random(11)
    for size in (1, 4, 5, 8, 9, 100, 5000):
        for _ in range(6):
            pour(guarded.port, generator.randbytes(size), 0.02)


@pytest.mark.compat
@pytest.mark.quick
def test_random_bytes_after_login(guarded):
    generator = random.Random(12)
    for size in (1, 5, 9, 100, 5000):
        for _ in range(4):
            with guarded.login() as client:
                client.send(generator.randbytes(size))
                time.sleep(0.02)


@pytest.mark.compat
@pytest.mark.quick
def test_damaged_messages_after_login(guarded):
    generator = random.Random(13)
    good = (m.parse("a", "select $1::text", [25]) + m.bind("p", "a", [b"x"]) + m.describe("S", "a") +
            m.execute("p") + m.close("S", "a") + m.SYNC + m.query("select 1"))
    for _ in range(60):
        damaged = bytearray(good)
        for _ in range(generator.randrange(1, 5)):
            damaged[generator.randrange(len(damaged))] = generator.randrange(256)
        with guarded.login() as client:
            try:
                client.send(bytes(damaged))
                client.socket.settimeout(0.05)
                client.receive_until("Z")
            except (Closed, ServerError, OSError, AssertionError):
                pass


@pytest.mark.compat
@pytest.mark.quick
def test_damaged_startups(guarded):
    generator = random.Random(14)
    good = m.startup({"user": "alice", "database": "p0", "application_name": "x", "options": "-c geqo=on"})
    for _ in range(80):
        damaged = bytearray(good)
        for _ in range(generator.randrange(1, 4)):
            damaged[generator.randrange(len(damaged))] = generator.randrange(256)
        pour(guarded.port, bytes(damaged[:generator.randrange(1, len(damaged) + 1)]), 0.02)


@pytest.mark.quick
def test_damaged_sasl_messages(start_pooler):
    pooler = start_pooler(settings={"auth_type": "scram-sha-256"}, users={"alice": "pw"})
    firsts = [b"", b"\0", b"SCRAM-SHA-256", m.text("SCRAM-SHA-256"), m.text("SCRAM-SHA-256") + b"\xff\xff\xff\xff",
              m.text("SCRAM-SHA-256") + struct.pack("!i", 99) + b"n,,n=,r=x",
              *(m.text("SCRAM-SHA-256") + struct.pack("!i", len(x)) + x for x in (
                  b"", b"n", b"n,,", b"n,a=x,n=,r=abc", b"p=tls-unique,,n=,r=abc", b"n,,m=x,n=,r=abc", b"n,,n=,r=",
                  b"n,,n=,r=a\0b", b"z,,n=,r=abc", b"n,,n=,r=" + b"x" * 5000, b"y,,r=abc"))]
    for first in firsts:
        with pooler.wire() as client:
            client.startup("alice", "p0")
            client.expect("R")
            client.send(m.message("p", first))
            reply = client.receive()
            if reply.kind == "R":
                client.send(m.message("p", b"c=biws,r=wrong,p=AAAA"))
                reply = client.receive()
            assert reply.kind == "E" and reply.fields["S"] == "FATAL"
    pooler.login(password="pw").terminate()


@pytest.mark.compat
@pytest.mark.quick
def test_client_that_vanishes_at_each_step(guarded):
    steps = [m.startup({"user": "alice", "database": "p0"}), m.query("select 1")[:7],
             m.query("select pg_sleep(0.2)"), m.parse("", "select 1") + m.bind("", "")[:4]]
    for count in range(1, len(steps) + 1):
        for reset in (False, True):
            sock = socket.create_connection(("127.0.0.1", guarded.port))
            for step in steps[:count]:
                sock.sendall(step)
                time.sleep(0.02)
            if reset:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            sock.close()


@pytest.mark.compat
def test_half_closed_client_gets_its_answer_or_a_clean_end(guarded):
    with guarded.login() as client:
        client.send(m.query("select 1"))
        client.socket.shutdown(socket.SHUT_WR)
        with pytest.raises(Closed):
            while True:
                client.receive()


@pytest.mark.compat
@pytest.mark.quick
def test_reader_that_stops_does_not_stop_others(start_pooler):
    pooler = start_pooler(settings={"pool_mode": "transaction", "default_pool_size": 3})
    stuck = pooler.login()
    stuck.send(m.query("select repeat('x', 1000) from generate_series(1, 50000)"))
    with pooler.login() as client:
        for i in range(50):
            assert client.value(f"select {i}") == str(i)
    stuck.close()
    pooler.wait_pool(sv_active=0)


def processor_time(pooler):
    with open(f"/proc/{pooler.process.pid}/stat") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def cost(pooler, pipeline, answers):
    """Processor time for a pipeline, which the server reads only when it is all there."""
    with pooler.login() as client:
        client.socket.settimeout(120)
        before = processor_time(pooler)
        client.send(m.query("select pg_sleep(1)"), pipeline)
        for _ in range(answers + 1):
            client.receive_until("Z")
        return processor_time(pooler) - before


def parses(text, count, different):
    return b"".join(m.parse(f"s{i}", f"{text} {i % different}") + m.SYNC for i in range(count))


def test_pipeline_of_failures_costs_no_more_than_other_pipelines(one_server):
    good = cost(one_server, parses("select 1 +", 5000, 50), 5000)
    assert cost(one_server, parses("selec 1 +", 5000, 50), 5000) < 10 * good + 0.2


def test_dropping_all_statements_in_front_of_many_new_ones_is_cheap(one_server):
    names = parses("select 1 +", 8000, 8000)
    harmless = cost(one_server, m.query("select 1") * 150 + names, 8150)
    assert cost(one_server, m.query("deallocate all") * 150 + names, 8150) < 20 * harmless + 0.4


@pytest.mark.compat
@pytest.mark.quick
def test_many_connections_that_never_log_in(start_pooler):
    pooler = start_pooler(settings={"max_client_conn": 300, "client_login_timeout": 2})
    idle = [pooler.wire() for _ in range(200)]
    with pooler.login() as client:
        assert client.value("select 1") == "1"
    for wire in idle:
        wire.close()
    with pooler.login() as client:
        assert client.value("select 1") == "1"


@pytest.mark.compat
@pytest.mark.quick
def test_connection_storm_leaks_no_descriptors(start_pooler):
    pooler = start_pooler(settings={"pool_mode": "transaction"})
    descriptors = lambda: len(os.listdir(f"/proc/{pooler.process.pid}/fd"))
    pooler.login().terminate()
    net.wait_for(lambda: int(dict(pooler.admin("SHOW LISTS"))["used_clients"]) == 1, what="clients to go")
    before = descriptors()
    for i in range(150):
        client = pooler.login()
        if i % 3 == 0:
            client.value("select 1")
        client.close() if i % 2 else client.terminate()
    net.wait_for(lambda: descriptors() <= before + 3, what=f"descriptors to go back to {before}")
    lists = dict(pooler.admin("SHOW LISTS"))
    assert int(lists["login_clients"]) == 0


@pytest.mark.compat
def test_more_clients_than_descriptors_recovers(kind, start_pooler):
    """Out of descriptors accepting pauses; existing clients are served, and later clients again."""
    import resource
    pooler = start_pooler(settings={"pool_mode": "transaction", "max_client_conn": 5000})
    with pooler.login() as client:
        client.value("select 1")
        used = len(os.listdir(f"/proc/{pooler.process.pid}/fd"))
        resource.prlimit(pooler.process.pid, resource.RLIMIT_NOFILE, (used + 10, used + 10))
        crowd = [socket.create_connection(("127.0.0.1", pooler.port)) for _ in range(30)]
        time.sleep(0.5)
        assert client.value("select 'served'") == "served"
        for sock in crowd:
            sock.close()
        time.sleep(0.2)
        with pooler.wire(timeout=20) as late:
            assert late.login().value("select 1") == "1"


@pytest.mark.compat
@pytest.mark.quick
def test_huge_declared_lengths_cost_no_memory(guarded):
    before = guarded.rss_kib()
    held = []
    for header in (b"Q\x7f\xff\xff\xff", b"P\x7f\xff\xff\xff", b"B\x7f\xff\xff\xff", b"d\x7f\xff\xff\xff"):
        client = guarded.login()
        client.send(header + b"x" * 1000)
        held.append(client)
    with guarded.wire() as login:
        login.send(b"p\x7f\xff\xff\xff" + b"x" * 1000)
        time.sleep(0.3)
        assert guarded.rss_kib() - before < 20_000 * net.patience
    for client in held:
        client.close()


def pour_until_stuck(client, data, most):
    """Sends `data` again and again without reading, until the peer takes no more or took `most` times; how often."""
    client.socket.settimeout(1.0 * net.patience)
    sent = 0
    try:
        while sent < most:
            client.socket.sendall(data)
            sent += 1
    except TimeoutError:
        pass
    client.socket.settimeout(client.timeout)
    return sent


def test_console_client_that_does_not_read_is_not_answered_into_memory(start_pooler, postgres):
    """Anybody may be a stats user under auth_type=any."""
    pooler = start_pooler({"p0": postgres.database("p0", user="bob")}, {"auth_type": "any"})
    count = 2500
    with pooler.wire() as client:
        client.login("nobody", "pgbouncer")
        before = pooler.rss_kib()
        client.send(m.query("SHOW CONFIG") * count)
        time.sleep(1)
        assert pooler.rss_kib() - before < 8_000 * net.patience
        assert pooler.console().value("SHOW VERSION")
        for _ in range(count):
            assert client.receive_until()[-2].kind == "C"


@pytest.mark.quick
def test_console_client_that_only_describes_and_does_not_read_costs_no_memory(start_pooler):
    pooler = start_pooler()
    count = 15000
    with pooler.console() as client:
        before = pooler.rss_kib()
        client.send(m.parse("s", "SHOW CLIENTS"), m.describe("S", "s") * count, m.SYNC)
        time.sleep(1)
        assert pooler.rss_kib() - before < 8_000 * net.patience
        assert m.kinds(client.receive_until()) == "1" + "tT" * count + "Z"


@pytest.mark.parametrize("first", ["", "begin"])
def test_client_that_closes_statements_and_does_not_read_is_stopped(tx, first):
    """The pooler answers these itself, without a server or while the server has nothing to say."""
    with tx.login() as client:
        if first:
            client.query(first)
        before = tx.rss_kib()
        sent = pour_until_stuck(client, m.close("S", "s") * 10000, 500)
        assert sent < 500
        assert tx.rss_kib() - before < 8_000 * net.patience
    with tx.login() as other:
        assert other.value("select 1") == "1"


def test_client_that_closes_statements_while_its_server_works_is_stopped_until_the_server_answers(tx):
    with tx.login() as client:
        before = tx.rss_kib()
        client.send(m.query("select pg_sleep(3)"))
        count = pour_until_stuck(client, m.close("S", "s") * 1000, 5000)
        assert count < 5000
        assert tx.rss_kib() - before < 16_000 * net.patience
        assert m.kinds(client.receive_until()) == "TDCZ"
        assert client.receive_bytes(5000 * count) == m.message("3") * 1000 * count


@pytest.mark.quick
def test_client_that_was_stopped_goes_on_when_it_reads(tx):
    with tx.login() as client:
        count = 1_000_000
        sender = threading.Thread(target=lambda: client.send(m.close("S", "s") * count, m.query("select 1")))
        sender.start()
        time.sleep(1)
        try:
            assert client.receive_bytes(5 * count) == m.message("3") * count
            assert m.kinds(client.receive_until()) == "TDCZ"
        finally:
            sender.join()


def login_and_leave(pooler, user, database):
    with socket.create_connection(("127.0.0.1", pooler.port)) as sock:
        sock.sendall(m.startup({"user": user, "database": database}))
        sock.recv(100)


@pytest.mark.parametrize("database", ["p0", "*"])
def test_names_that_strangers_think_up_are_forgotten(start_pooler, postgres, database):
    pooler = start_pooler({database: postgres.database("p0")},
                          {"auth_type": "md5", "log_connections": 0, "log_disconnections": 0, "log_pooler_errors": 0})
    def storm(letter, count):
        for i in range(count):
            name = f"{letter}{i}-".ljust(60, "x")
            login_and_leave(pooler, name, name if database == "*" else database)
    storm("a", 1000)
    before = pooler.rss_kib()
    storm("b", 6000)
    assert pooler.rss_kib() - before < 1000 * net.patience
