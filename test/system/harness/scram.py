"""SCRAM-SHA-256 (RFC 5802, RFC 7677): secrets, the client's and the server's side of an exchange."""

import base64
import hashlib
import hmac
import os


def _hmac(key, data):
    return hmac.new(key, data, hashlib.sha256).digest()


def _xor(a, b):
    return bytes(x ^ y for x, y in zip(a, b))


def _salted(password, salt, iterations):
    return hashlib.pbkdf2_hmac("sha256", password.encode(), salt, iterations)


def secret(password, iterations=4096, salt=None):
    """The stored form PostgreSQL uses: SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey."""
    salt = salt or os.urandom(16)
    salted = _salted(password, salt, iterations)
    stored = hashlib.sha256(_hmac(salted, b"Client Key")).digest()
    b64 = lambda data: base64.b64encode(data).decode()
    return f"SCRAM-SHA-256${iterations}:{b64(salt)}${b64(stored)}:{b64(_hmac(salted, b'Server Key'))}"


def _attributes(message):
    return dict(part.split("=", 1) for part in message.decode().split(","))


class Client:
    """One exchange: first(), then final(server_first), then verify(server_final)."""

    def __init__(self, password, gs2=b"n,,", binding=b""):
        self._password = password
        self._gs2 = gs2
        self._binding = binding
        self._bare = b"n=,r=" + base64.b64encode(os.urandom(18))

    def first(self):
        return self._gs2 + self._bare

    def final(self, server_first):
        attributes = _attributes(server_first)
        self.salt = base64.b64decode(attributes["s"])
        salted = _salted(self._password, self.salt, int(attributes["i"]))
        client_key = _hmac(salted, b"Client Key")
        without_proof = b"c=" + base64.b64encode(self._gs2 + self._binding) + b",r=" + attributes["r"].encode()
        auth = self._bare + b"," + server_first + b"," + without_proof
        self._signature = _hmac(_hmac(salted, b"Server Key"), auth)
        proof = _xor(client_key, _hmac(hashlib.sha256(client_key).digest(), auth))
        return without_proof + b",p=" + base64.b64encode(proof)

    def verify(self, server_final):
        return base64.b64decode(_attributes(server_final)["v"]) == self._signature


class Server:
    """The server's side for one known password: first(client_first), then final(client_final)."""

    def __init__(self, password, iterations=4096):
        self._password, self._iterations, self._salt = password, iterations, os.urandom(16)

    def first(self, client_first):
        """The server-first message; `gs2` and later `binding` tell what the client bound itself to."""
        flag, authzid, self._bare = client_first.split(b",", 2)
        self.gs2 = flag + b"," + authzid + b","
        nonce = _attributes(self._bare)["r"] + base64.b64encode(os.urandom(18)).decode()
        self._first = f"r={nonce},s={base64.b64encode(self._salt).decode()},i={self._iterations}".encode()
        return self._first

    def final(self, client_final):
        """The server-final message, or None when the client's proof is wrong."""
        without_proof, proof = client_final.rsplit(b",p=", 1)
        bound = base64.b64decode(_attributes(without_proof)["c"])
        assert bound.startswith(self.gs2)
        self.binding = bound[len(self.gs2):]
        salted = _salted(self._password, self._salt, self._iterations)
        auth = self._bare + b"," + self._first + b"," + without_proof
        stored = hashlib.sha256(_hmac(salted, b"Client Key")).digest()
        client_key = _xor(base64.b64decode(proof), _hmac(stored, auth))
        if hashlib.sha256(client_key).digest() != stored:
            return None
        return b"v=" + base64.b64encode(_hmac(_hmac(salted, b"Server Key"), auth))
