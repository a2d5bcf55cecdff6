"""What many peers say at once is read before the first of them is dealt with: nobody may notice (uv/poll.h)."""

import contextlib
import random
import socket
import threading

import pytest

from harness import messages as m
from harness.fake_server import fake_pool

# Whoever was read so often, and left nothing, is read ahead.
STEADY = 20


def converse(*clients):
    for client in clients:
        for number in range(STEADY):
            assert client.value(f"select 'steady {number}'")


@pytest.mark.quick
@pytest.mark.parametrize("mode", ["transaction", "session"])
@pytest.mark.parametrize("tls", [True, False], ids=["tls", "plain"])
def test_clients_that_speak_in_one_turn_get_their_own_answers(start_pooler, postgres, front_tls, tls, mode):
    """Long and short, in one piece and in several, whole and cut off, and some leave."""
    count = 12
    size = 4 if mode == "transaction" else count
    pooler = start_pooler(settings={"pool_mode": mode, "default_pool_size": size,
                                    "server_tls_sslmode": "require" if tls else "disable", **front_tls})
    dice = random.Random(1)
    with contextlib.ExitStack() as stack:
        def enter():
            client = stack.enter_context(pooler.wire())
            return (client.start_tls() if tls else client).login()

        clients = [enter() for _ in range(count)]
        converse(*clients)
        for _ in range(12):
            asked = {}
            with pooler.stopped():
                for number, client in enumerate(clients):
                    asked[number] = [f"{number}-{dice.random()}-" + "x" * dice.choice((0, 1, 1960, 2000, 2048, 9000))
                                     for _ in range(dice.choice((1, 1, 2)))]
                    # PostgreSQL gives each its answer and its ReadyForQuery.
                    said = b"".join(m.query(f"select '{text}'") for text in asked[number])
                    cut = dice.choice((len(said), dice.randrange(len(said))))
                    client.send(said[:cut])
                    client.rest = said[cut:]
                leaving = dice.randrange(count)
                clients[leaving].close()
            del asked[leaving]
            for number in asked:
                clients[number].send(clients[number].rest)
            for number, texts in asked.items():
                for text in texts:
                    assert m.rows(clients[number].receive_until("Z")) == [[text]]
            clients[leaving] = enter()
            converse(clients[leaving])


SURPLUS = m.row_description(["v"]) + m.data_row(["surplus"]) + m.command_complete("SELECT 1") + m.ready()


@pytest.mark.quick
@pytest.mark.parametrize("first", ["server", "client"])
@pytest.mark.parametrize("unasked,connections", [(SURPLUS, 2), (m.notification(1, "news", "x"), 1), (b"", 2)],
                         ids=["answer", "notification", "end"])
def test_what_an_idle_server_says_with_the_next_question_reaches_nobody(start_pooler, fake_server, first, unasked,
                                                                        connections):
    """The server is lent before it is told that there is something to read; what it read ahead is known by then."""
    server = fake_server()
    pooler = fake_pool(start_pooler, server, server_login_retry=0)

    def speak():
        if unasked:
            server.connections[0].send(unasked)
        else:
            server.connections[0].socket.shutdown(socket.SHUT_WR)

    def ask():
        two.send(m.query("echo mine"))

    with pooler.login() as one, pooler.login() as two:
        converse(one, two)
        with pooler.stopped():
            for say in (speak, ask) if first == "server" else (ask, speak):
                say()
        received = two.receive_until("Z")
        assert m.rows(received) == [["mine"]] and "A" not in m.kinds(received)
        assert one.value("echo also") == "also"
    assert len(server.connections) == connections


@pytest.mark.quick
def test_notices_of_a_server_whose_client_is_stuffed_in_the_same_turn_are_not_lost(start_pooler, fake_server):
    """The client is told first, and takes so little of its answers that its server is not read any more."""
    def script(connection):
        connection.read_startup()
        connection.greet()
        while True:
            message = connection.read()
            if message.kind == "Q":
                connection.answer("1", status="T")
            elif message.kind == "S":
                connection.send(m.ready("T"))

    server = fake_server(script)
    pooler = fake_pool(start_pooler, server, tcp_socket_buffer=4096)
    rounds, count = 40, 500
    with pooler.wire() as client:
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.login()
        converse(client)
        # In one of the rounds the client's socket is full.
        for number in range(rounds):
            with pooler.stopped():
                client.send(m.close("S", "x") * count)
                server.connections[0].send(m.notice_response(f"notice {number}"))
        sender = threading.Thread(target=client.send, args=(m.SYNC,), daemon=True)
        sender.start()
        received = client.receive_until("Z")
        sender.join()
        assert m.kinds(received).count("3") == rounds * count
        notices = [message.fields["M"] for message in received if message.kind == "N"]
        assert notices == [f"notice {number}" for number in range(rounds)]
        assert client.value("select 1") == "1"
