"""A certificate authority and certificates, made with the openssl command line."""

import os
import subprocess


def _openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


class Authority:
    """A CA of its own in `directory`; issues certificates beside it. `ca` is the path of its certificate."""

    def __init__(self, directory, name="test-ca"):
        self.directory = directory
        self.ca = os.path.join(directory, name + ".crt")
        self._key = os.path.join(directory, name + ".key")
        _openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30",
                 "-subj", f"/CN={name}", "-keyout", self._key, "-out", self.ca)

    def issue(self, name, common_name="localhost", names=("DNS:localhost", "IP:127.0.0.1"), rsa=False, days=30):
        """Returns the paths (certificate, key) of a certificate for the given subject alternative names."""
        base = os.path.join(self.directory, name)
        kind = ["rsa:2048"] if rsa else ["ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
        _openssl("req", "-newkey", *kind, "-nodes", "-subj", f"/CN={common_name}", "-keyout", base + ".key",
                 "-out", base + ".csr")
        with open(base + ".ext", "w") as extensions:
            extensions.write("subjectAltName=" + ",".join(names) + "\n" if names else "\n")
        _openssl("x509", "-req", "-in", base + ".csr", "-CA", self.ca, "-CAkey", self._key, "-CAcreateserial",
                 "-days", str(days), "-extfile", base + ".ext", "-out", base + ".crt")
        os.chmod(base + ".key", 0o600)
        return base + ".crt", base + ".key"
