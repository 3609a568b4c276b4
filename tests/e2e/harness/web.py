"""nginx as the private web site, curl as the visitor."""

import hashlib
import shutil

from . import pattern, programs

CONF = """\
daemon off;
user root;
master_process off;
pid {dir}/nginx.pid;
error_log {dir}/nginx-error.log;
events {{ worker_connections 512; }}
http {{
  access_log off;
  client_max_body_size 0;
  client_body_temp_path {dir}/body;
  fastcgi_temp_path {dir}/t1; proxy_temp_path {dir}/t2; scgi_temp_path {dir}/t3; uwsgi_temp_path {dir}/t4;
  server {{
    listen 127.0.0.1:80;
    root {dir}/site;
    location /up/ {{ dav_methods PUT; create_full_put_path on; }}
  }}
}}
"""


class WebSite:
    """A page, a big file, and a folder that takes uploads, on 127.0.0.1:80 of the host."""

    PAGE = "<html><title>the private site</title>It works.</html>\n"

    def __init__(self, host, big=100 << 20):
        programs.need("nginx", "curl")
        self.host = host
        self.directory = host.world.directory / "web"
        site = self.directory / "site"
        (site / "up").mkdir(parents=True)
        (site / "index.html").write_text(self.PAGE)
        self.big = pattern.whole(1, big)
        self.checksum = hashlib.sha256(self.big).hexdigest()
        (site / "big.bin").write_bytes(self.big)
        conf = self.directory / "nginx.conf"
        conf.write_text(CONF.format(dir=self.directory))
        host.world.closers.append(self._tidy)
        self.process = host.spawn(["nginx", "-c", conf, "-p", self.directory], "nginx")
        self.process.wait_listening(80)

    def _tidy(self):
        """The logs of a failed run are kept, the big files are not."""
        shutil.rmtree(self.directory / "site")
        for path in self.host.world.directory.glob("*.out"):
            path.unlink()

    def uploaded(self, name):
        return self.directory / "site" / "up" / name

    @staticmethod
    def sha256(path):
        digest = hashlib.sha256()
        with open(path, "rb") as file:
            while piece := file.read(1 << 20):
                digest.update(piece)
        return digest.hexdigest()


def curl(host, *arguments, timeout=120):
    """Runs curl on a host; returns its standard output."""
    return host.run("curl", "--silent", "--show-error", "--fail", "--noproxy", "*", "--max-time", timeout,
                    *arguments, timeout=timeout + 10).stdout
