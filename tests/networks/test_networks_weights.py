from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from impasto.core.errors import InvalidInput, MissingWeights
from impasto.networks import load, weights
from impasto.networks.weights import Published, at_hand, digest, load_strictly, obtain, read_weights

STATE = {"a.weight": torch.arange(6.0).reshape(2, 3), "a.bias": torch.ones(2)}


class Answers(BaseHTTPRequestHandler):
    """A publisher: one file, one that is forbidden, one that never comes."""

    content = b"x" * 1000

    def do_HEAD(self) -> None:
        if "forbidden" in self.path:
            self.send_error(403)
        elif "slow" in self.path:
            time.sleep(2)
        elif "missing" in self.path:
            self.send_error(404)
        elif "moved" in self.path:
            self.send_response(302)
            self.send_header("Location", "http://127.0.0.1:9/signed-for-get-only")
            self.end_headers()
        else:
            self.send_response(200)
            self.send_header("Content-Length", str(len(self.content)))
            self.end_headers()

    def do_GET(self) -> None:
        self.do_HEAD()
        self.wfile.write(self.content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@pytest.fixture
def publisher() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    server.daemon_threads = True
    server.block_on_close = False
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(autouse=True)
def own_torch_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.delenv("http_proxy", raising=False)
    monkeypatch.setenv("no_proxy", "*")
    return tmp_path / "torch"


def test_tensors_are_read_from_all_usual_forms(tmp_path: Path) -> None:
    save_file(STATE, tmp_path / "a.safetensors")
    torch.save(STATE, tmp_path / "b.pth")
    torch.save(STATE, tmp_path / "c.pth", _use_new_zipfile_serialization=False)
    wrapped = {"epoch": 3, "state_dict": {f"module.{k}": v for k, v in STATE.items()}}
    torch.save(wrapped, tmp_path / "d.pt")
    save_file(STATE, tmp_path / "named-as-it-likes.bin")
    for file in tmp_path.iterdir():
        if file.is_file():
            state = read_weights(file)
            assert state.keys() == STATE.keys()
            assert all(torch.equal(state[key], STATE[key]) for key in STATE)


class Evil:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (print, ("executed",))


def test_nothing_in_a_file_is_executed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "evil.pth"
    torch.save({"a": Evil()}, file)
    with pytest.raises(InvalidInput, match="holds Python objects, which could run any code"):
        read_weights(file)
    assert "executed" not in capsys.readouterr().out


def test_files_of_another_kind_are_refused_in_one_sentence(tmp_path: Path) -> None:
    save_file(STATE, tmp_path / "whole.safetensors")
    torch.save(STATE, tmp_path / "whole.pth")
    (tmp_path / "cut.safetensors").write_bytes((tmp_path / "whole.safetensors").read_bytes()[:100])
    (tmp_path / "cut.pth").write_bytes((tmp_path / "whole.pth").read_bytes()[:300])
    (tmp_path / "text.pth").write_text("<html>Not found</html>")
    (tmp_path / "empty.pth").write_bytes(b"")
    torch.save([1, 2], tmp_path / "list.pth")
    torch.save({"epoch": 3, "lr": 0.1}, tmp_path / "log.pth")
    for name in ("cut.safetensors", "cut.pth", "text.pth", "empty.pth", "list.pth", "log.pth"):
        with pytest.raises(InvalidInput) as error:
            read_weights(tmp_path / name)
        assert name in str(error.value)
        assert "\n" not in str(error.value)
    with pytest.raises(InvalidInput, match="There is no weights file"):
        read_weights(tmp_path / "nowhere.pth")


def layer() -> nn.Module:
    module = nn.Module()
    module.a = nn.Linear(3, 2)
    return module


def test_strict_loading_says_what_does_not_fit() -> None:
    with pytest.raises(
        InvalidInput, match=r"not weights of net: 1 tensors are missing \(a\.bias\)"
    ):
        load_strictly(layer(), {"a.weight": torch.ones(2, 3)}, "net")
    with pytest.raises(InvalidInput, match=r"1 are unexpected \(b\)"):
        load_strictly(layer(), {**STATE, "b": torch.ones(1)}, "net")
    with pytest.raises(InvalidInput, match=r"a\.bias is 5 instead of 2"):
        load_strictly(layer(), {**STATE, "a.bias": torch.ones(5)}, "net")


def test_half_precision_files_become_f32() -> None:
    module = layer()
    load_strictly(module, {key: value.half() for key, value in STATE.items()}, "net")
    assert module.state_dict()["a.weight"].dtype == torch.float32
    assert torch.equal(module.state_dict()["a.weight"], STATE["a.weight"])


def test_the_digest_is_of_the_tensors_not_of_the_file(tmp_path: Path) -> None:
    save_file(STATE, tmp_path / "a.safetensors")
    torch.save(STATE, tmp_path / "a.pth")
    digests = set()
    for file in sorted(tmp_path.glob("a.*")):
        module = layer()
        load_strictly(module, read_weights(file), "net")
        digests.add(digest(module))
    assert len(digests) == 1
    module = layer()
    load_strictly(module, STATE | {"a.bias": torch.tensor([1.0, 1.0000001])}, "net")
    assert digest(module) not in digests


def test_caches_are_looked_through_in_order(tmp_path: Path, own_torch_home: Path) -> None:
    published = Published("net", "https://example.invalid/net-1234.pth", "net-1234.pth")
    assert at_hand(published, None) is None
    hub = own_torch_home / "hub" / "checkpoints"
    hub.mkdir(parents=True)
    (hub / "net-1234.pth").write_bytes(b"theirs")
    assert at_hand(published, tmp_path) == hub / "net-1234.pth"
    (tmp_path / "net-1234.pth").write_bytes(b"ours")
    assert at_hand(published, tmp_path) == tmp_path / "net-1234.pth"
    assert obtain(published, tmp_path) == tmp_path / "net-1234.pth"


def test_hugging_faces_cache_is_looked_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import huggingface_hub.constants
    import huggingface_hub.file_download

    snapshot = tmp_path / "models--timm--net" / "snapshots" / "abc"
    snapshot.mkdir(parents=True)
    (snapshot / "model.safetensors").write_bytes(b"weights")
    refs = tmp_path / "models--timm--net" / "refs"
    refs.mkdir()
    (refs / "main").write_text("abc")
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    published = Published("net", "https://example.invalid/x", "model.safetensors", "timm/net")
    assert at_hand(published, None) == snapshot / "model.safetensors"


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("missing.pth", "the server answers 404"),
        ("forbidden.pth", "the server answers 403"),
        ("slow.pth", "no answer within|timed out"),
    ],
)
def test_a_publisher_that_does_not_deliver_is_one_clear_sentence(
    publisher: str, path: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weights, "PATIENCE", 0.3)
    published = Published("vgg99", publisher + path, path)
    began = time.monotonic()
    with pytest.raises(MissingWeights, match=reason) as error:
        obtain(published, tmp_path)
    assert time.monotonic() - began < 2
    message = str(error.value)
    assert message.startswith("The weights of vgg99 are not on this machine and can't be")
    assert f"get {publisher}{path}" in message
    assert "--weights FILE" in message
    assert str(tmp_path / path) in message
    assert "\n" not in message


def test_the_network_unplugged_is_quick_and_clear() -> None:
    published = Published("vgg99", "https://impasto.invalid/vgg99.pth", "vgg99.pth")
    began = time.monotonic()
    with pytest.raises(MissingWeights, match="can't be downloaded"):
        obtain(published, None)
    assert time.monotonic() - began < weights.PATIENCE + 1


def test_a_closed_port_is_quick_and_clear() -> None:
    published = Published("vgg99", "http://127.0.0.1:9/vgg99.pth", "vgg99.pth")
    with pytest.raises(MissingWeights, match="refused"):
        obtain(published, None)


def test_offline_mode_of_hugging_face_is_respected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    published = Published("timm/x", "http://127.0.0.1:9/x", "model.safetensors", "timm/x")
    with pytest.raises(MissingWeights, match="HF_HUB_OFFLINE is set"):
        obtain(published, None)


def test_a_download_lands_in_torchs_cache_and_is_checked(
    publisher: str, own_torch_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = hashlib.sha256(Answers.content).hexdigest()[:8]
    name = f"net-{good}.pth"
    file = obtain(Published("net", publisher + name, name), None)
    assert file == own_torch_home / "hub" / "checkpoints" / name
    assert file.read_bytes() == Answers.content
    with pytest.raises(MissingWeights, match="hash"):
        obtain(Published("net", publisher + "net-00000000.pth", "net-00000000.pth"), None)


def test_a_publisher_that_moved_the_file_is_still_asked(publisher: str) -> None:
    assert weights._obstacle(Published("net", publisher + "moved.pth", "moved.pth")) is None


def test_named_networks_without_weights_say_where_to_get_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(weights, "_ask", lambda published: "no route to host")
    for name, address in (
        ("vgg19", "https://download.pytorch.org/models/vgg19-dcbb9e9d.pth"),
        ("torchvision/resnet18", "https://download.pytorch.org/models/resnet18-f37072fd.pth"),
        ("timm/test_vit.r160_in1k", "https://huggingface.co/timm/test_vit.r160_in1k/"),
    ):
        with pytest.raises(MissingWeights, match="no route to host") as error:
            load(name)
        assert address in str(error.value)
