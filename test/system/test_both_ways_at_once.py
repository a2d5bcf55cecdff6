"""Peers that talk while they do not listen: whoever is blocked goes on when it is free again (design.md 3)."""

import threading
import time

import pytest

from harness import messages as m


@pytest.mark.quick
@pytest.mark.compat
@pytest.mark.parametrize("tls", ["require", "disable"])
def test_server_that_answers_during_a_long_upload(start_pooler, postgres, tls):
    """As psycopg's executemany() makes it do: requests all the time, answers read now and then."""
    pooler = start_pooler(settings={"server_tls_sslmode": tls})
    size, count = 3000, 2500
    request = m.query(f"select length('{'x' * size}') from pg_sleep(0.0002)")
    with pooler.login() as client:
        client.query("select 1")
        upload = threading.Thread(target=client.socket.sendall, args=(request * count,), daemon=True)
        upload.start()
        read_answers(client, count)
        upload.join()


def read_answers(client, count, between=lambda: None):
    """Everything up to the `count`th ReadyForQuery."""
    ready, answers, seen = m.ready(), bytearray(), 0
    while seen < count:
        piece = client.socket.recv(1 << 16)
        assert piece
        seen += (answers[-len(ready) + 1:] + piece).count(ready)
        answers += piece
        between()
    return bytes(answers)


@pytest.mark.quick
@pytest.mark.compat
@pytest.mark.parametrize("tls", [True, False], ids=["tls", "plain"])
def test_client_that_asks_while_it_reads_a_large_result_slowly(start_pooler, postgres, front_tls, tls):
    pooler = start_pooler(settings={"pool_mode": "transaction", "default_pool_size": 1, **front_tls})
    rows, syncs = 12000, 200
    with pooler.wire() as client:
        if tls:
            client.start_tls()
        client.login()
        client.send(m.query(f"select repeat('x', 1000) from generate_series(1, {rows})"))
        time.sleep(0.5)
        left = [m.SYNC] * syncs
        answers = read_answers(client, syncs + 1, between=lambda: left and client.send(left.pop()))
        assert answers.count(b"D\x00\x00\x03\xf2") == rows


@pytest.mark.quick
@pytest.mark.parametrize("mode", ["transaction", "session"])
def test_client_that_leaves_without_taking_the_end_of_its_answer(start_pooler, postgres, mode):
    """Nobody looked at the server meanwhile: the next client must not find it deaf."""
    pooler = start_pooler(settings={"pool_mode": mode, "default_pool_size": 1, "tcp_socket_buffer": 65536,
                                    "query_wait_timeout": 5, "server_idle_timeout": 0})
    for size in range(250_000, 330_000, 16_000):
        with pooler.login() as client:
            client.send(m.query(f"select repeat('x', {size})"))
            time.sleep(0.15)
        with pooler.login() as client:
            assert client.value("select 'served'") == "served"
