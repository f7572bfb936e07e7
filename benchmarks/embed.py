"""Folder of JPEG photographs → vectors and thumbnails on disk, against what else there is.

Every contestant is a process of its own that loads its network, warms up, and then waits; the
rounds are interleaved (one pass of each, again and again) and medians are shown. All use
EfficientNet-Lite0 with the same weights, the same preprocessing and the same cores, and each
writes its vectors and 256-pixel thumbnails to disk (thingsvision makes none, to its advantage).
The headline compares like with like: ours in f32 with the fastest f32 opponent, ours in bf16
with the fastest bf16 one, over all their batch sizes and with the C library's allocator as it
comes and tuned (`references/performance.md`: eager PyTorch at batch 32 otherwise mostly gives
memory back and asks for it again).

    python benchmarks/embed.py                       # everything, about 20 minutes on two cores
    python benchmarks/embed.py --quick               # ours, and the opponents at their best
    python benchmarks/embed.py --folder ~/pictures   # your own JPEGs
    pip install --no-deps thingsvision requests      # the peer; see `thingsvision` below
"""

from __future__ import annotations

import argparse
import io
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import types
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

TUNED = {
    "MALLOC_MMAP_THRESHOLD_": str(4 << 30),
    "MALLOC_TRIM_THRESHOLD_": str(4 << 30),
    "MALLOC_TOP_PAD_": str(256 << 20),
}
SIDE, THUMBNAIL = 224, 256
Vectors = NDArray[np.float32]
Pass = Callable[[Path, Path], Vectors]  # (folder of images, empty folder for results)


@dataclass(frozen=True)
class Contestant:
    """One program in one setting."""

    kind: str  # A key of PROGRAMS.
    precision: str
    batch: int
    channels_last: bool = False
    tuned: bool = False
    best: bool = False  # Near the front in every run so far: kept with --quick.

    @property
    def ours(self) -> bool:
        """Tell whether it is ours, or half of our bound."""
        return self.kind in {"impasto", "decode", "forward"}

    @property
    def name(self) -> str:
        """Describe program and setting."""
        extras = [f"batch {self.batch}"]
        extras += ["channels-last"] if self.channels_last else []
        extras += ["allocator tuned"] if self.tuned else []
        return f"{self.kind} {self.precision} ({', '.join(extras)})"


def contestants() -> list[Contestant]:
    ours = [
        Contestant(kind, precision, 8, best=True)
        for precision in ("f32", "bf16")
        for kind in ("impasto", "forward")
    ]
    ours.append(Contestant("decode", "f32", 8, best=True))
    theirs = [
        Contestant("loop", "f32", 1),
        Contestant("loop", "f32", 1, channels_last=True, best=True),
        Contestant("loop", "f32", 8, channels_last=True),
        Contestant("loader", "f32", 32),
        Contestant("loader", "f32", 8, channels_last=True, best=True),
        Contestant("loader", "f32", 32, channels_last=True, best=True),
        Contestant("loader", "bf16", 8, channels_last=True, best=True),
        Contestant("loader", "bf16", 32, channels_last=True, best=True),
        Contestant("thingsvision", "f32", 32),
        Contestant("thingsvision", "f32", 8),
    ]
    tuned = [
        Contestant(c.kind, c.precision, c.batch, c.channels_last, tuned=True, best=c.best)
        for c in theirs
    ]
    return ours + theirs + tuned


# The programs. Each gets ready, and returns a function that does one pass.


def impasto(contestant: Contestant) -> Pass:
    """Run ours as a user does: the catalogue, the hashes and the flags are part of the work."""
    from impasto import flow

    options = flow.EmbedOptions(precision=contestant.precision, batch=contestant.batch)  # type: ignore[arg-type]
    engine = flow.open_engine(options)
    vars(flow.gather)["open_engine"] = lambda _: (
        engine
    )  # the network is loaded before, as everyone's

    def run(folder: Path, out: Path) -> Vectors:
        with flow.open_collection(out / "bench.impasto", create=True) as collection:
            flow.add(collection, folder, labels="none")
            flow.embed(collection, options)
            vectors = collection.vectors(engine.spaces[0])
            names = [image.path for image in collection.images(vectors.ids.tolist())]
            return np.asarray(vectors.values, np.float32)[np.argsort(names)]

    return run


def decode(_: Contestant) -> Pass:
    """Measure half of the bound: everything but the network, on all cores."""
    from impasto.collect.decode import read
    from impasto.embed import embed
    from impasto.networks import DEFAULT, prepare
    from impasto.networks.recipes import networks

    settings = networks[DEFAULT].preprocessing

    def run(folder: Path, _out: Path) -> Vectors:
        def load(file: Path) -> None:
            picture = read(file, short_side=2 * settings.short_side).picture
            if picture is not None:
                prepare(picture, settings)

        for _ in embed(sorted(folder.iterdir()), load, lambda _: None, None):
            pass
        return np.zeros((0, 0), np.float32)

    return run


def forward(contestant: Contestant) -> Pass:
    """Measure the other half: only the network, called by a thread per core."""
    from impasto.embed import open_engine
    from impasto.networks import load

    engine = open_engine(load(), precision=contestant.precision, batch=contestant.batch)  # type: ignore[arg-type]
    pixels = np.random.default_rng(0).integers(0, 256, (contestant.batch, SIDE, SIDE, 3), np.uint8)

    def run(folder: Path, _out: Path) -> Vectors:
        batches = -(-sum(1 for _ in folder.iterdir()) // contestant.batch)
        numbers = iter(range(batches))
        lock = threading.Lock()

        def work() -> None:
            while True:
                with lock:
                    if next(numbers, None) is None:
                        return
                engine.run(pixels)

        threads = [threading.Thread(target=work) for _ in range(engine.workers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return np.zeros((0, 0), np.float32)

    return run


def network(contestant: Contestant) -> Any:
    """Build timm's network with our weights: what a user of PyTorch would take."""
    import timm
    import torch

    from impasto.networks import load

    module = timm.create_model("tf_efficientnet_lite0", pretrained=False, num_classes=0)
    state = {k: v for k, v in load().module.state_dict().items() if "classifier" not in k}
    module.load_state_dict(state)
    module = module.eval()
    if contestant.precision == "bf16":
        module = module.bfloat16()
    if contestant.channels_last:
        module = module.to(memory_format=torch.channels_last)
    return module


def transform() -> Any:
    from torchvision import transforms as T  # noqa: N812 (as everyone writes it)

    return T.Compose(
        [
            T.Resize(256, T.InterpolationMode.BICUBIC),
            T.CenterCrop(SIDE),
            T.ToTensor(),
            T.Normalize([127 / 255] * 3, [128 / 255] * 3),
        ]
    )


def forwarder(contestant: Contestant) -> Callable[[Any], Vectors]:
    import torch

    module = network(contestant)

    def run(batch: Any) -> Vectors:
        if contestant.precision == "bf16":
            batch = batch.bfloat16()
        if contestant.channels_last:
            batch = batch.to(memory_format=torch.channels_last)
        with torch.inference_mode():
            vectors: Vectors = module(batch).float().numpy()
            return vectors

    return run


def thumbnail(picture: Any, file: Path) -> None:
    small = picture.copy()
    small.thumbnail((THUMBNAIL, THUMBNAIL))
    small.save(file, "JPEG", quality=85)


def loop(contestant: Contestant) -> Pass:
    """Run the plain loop: PIL, torchvision's transforms, the network, numpy.save."""
    import torch
    from PIL import Image

    prepare, run_network = transform(), forwarder(contestant)

    def run(folder: Path, out: Path) -> Vectors:
        vectors, batch = [], []
        files = sorted(folder.iterdir())
        for file in files:
            picture = Image.open(file).convert("RGB")
            thumbnail(picture, out / file.name)
            batch.append(prepare(picture))
            if len(batch) == contestant.batch or file is files[-1]:
                vectors.append(run_network(torch.stack(batch)))
                batch = []
        np.save(out / "vectors.npy", np.concatenate(vectors))
        return np.concatenate(vectors)

    return run


class Files:
    """A data set as everyone writes it."""

    def __init__(self, files: list[Path], out: Path) -> None:
        self.files, self.out, self.transform = files, out, transform()

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> Any:
        from PIL import Image

        picture = Image.open(self.files[index]).convert("RGB")
        thumbnail(picture, self.out / self.files[index].name)
        return self.transform(picture)


def loader(contestant: Contestant) -> Pass:
    """Run a DataLoader with a worker per core, and the network in the main process."""
    from torch.utils.data import DataLoader

    run_network = forwarder(contestant)

    def run(folder: Path, out: Path) -> Vectors:
        files: Any = Files(sorted(folder.iterdir()), out)
        batches = DataLoader(files, batch_size=contestant.batch, num_workers=os.cpu_count() or 1)
        vectors = np.concatenate([run_network(batch) for batch in batches])
        np.save(out / "vectors.npy", vectors)
        return vectors

    return run


def thingsvision(contestant: Contestant) -> Pass:
    """Run the peer: its own data set, loader and extractor.

    Replaced by empty stand-ins where missing, because its pins do not install beside today's
    packages: TensorFlow, torchtyping and the libraries of networks that are not used here.
    """
    _stand_in()
    from thingsvision import get_extractor_from_model  # type: ignore[import-not-found]
    from thingsvision.utils.data import DataLoader, ImageDataset  # type: ignore[import-not-found]

    extractor = get_extractor_from_model(
        model=network(contestant), device="cpu", preprocess=transform(), backend="pt"
    )

    def run(folder: Path, out: Path) -> Vectors:
        files = ImageDataset(
            root=str(folder), out_path=str(out), backend="pt", transforms=transform()
        )
        batches = DataLoader(dataset=files, batch_size=contestant.batch, backend="pt")
        vectors: Vectors = extractor.extract_features(
            batches=batches, module_name="global_pool", flatten_acts=True, output_type="ndarray"
        )
        np.save(out / "vectors.npy", vectors)
        return vectors

    return run


def _stand_in() -> None:
    import importlib.abc
    import importlib.machinery
    import importlib.util

    wanted: tuple[str, ...] = (
        "tensorflow",
        "torchtyping",
        "h5py",
        "dreamsim",
        "clip",
        "open_clip",
        "numba",
    )
    wanted += ("skimage", "pandas", "matplotlib", "ftfy", "sklearn_extra", "vissl", "regex")
    missing = tuple(name for name in wanted if importlib.util.find_spec(name) is None)

    class Anything(type):
        def __getattr__(cls, name: str) -> Any:
            if name.startswith("__"):
                raise AttributeError(name)
            return Anything(name, (), {})

        def __getitem__(cls, _: object) -> Any:
            return cls

        def __call__(cls, *_: object, **__: object) -> Any:
            return []

    class Module(types.ModuleType):
        __path__ = []  # noqa: RUF012 (as modules have it)

        def __getattr__(self, name: str) -> Any:
            if name.startswith("__"):
                raise AttributeError(name)
            return Anything(name, (), {})

    class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
        def find_spec(self, name: str, *_: object) -> Any:
            if name.split(".")[0] in missing:
                return importlib.machinery.ModuleSpec(name, self, is_package=True)
            return None

        def create_module(self, spec: Any) -> types.ModuleType:
            return Module(spec.name)

        def exec_module(self, module: types.ModuleType) -> None:
            pass

    sys.meta_path.append(Finder())
    vars(np).setdefault("AxisError", np.exceptions.AxisError)  # as NumPy 1 had it


PROGRAMS: dict[str, Callable[[Contestant], Pass]] = {
    program.__name__: program for program in (impasto, decode, forward, loop, loader, thingsvision)
}


# The arena.


def child(contestant: Contestant, folder: Path) -> None:
    """Get ready, then do one pass for every line that comes in."""
    speak, sys.stdout = sys.stdout, sys.stderr
    try:
        program = PROGRAMS[contestant.kind](contestant)
    except Exception as error:  # noqa: BLE001 (told to the parent)
        print(json.dumps({"failed": f"{type(error).__name__}: {error}"}), file=speak, flush=True)
        return
    print("{}", file=speak, flush=True)
    for _ in sys.stdin:
        out = Path(tempfile.mkdtemp(prefix="impasto-bench-"))
        try:
            began = time.perf_counter()
            vectors = program(folder, out)
            seconds = time.perf_counter() - began
            np.save(out / "answer.npy", vectors)
            sample = vectors[:: max(1, len(vectors) // 8)][:8].tolist()
        finally:
            shutil.rmtree(out)
        print(json.dumps({"seconds": seconds, "sample": sample}), file=speak, flush=True)


class Process:
    """A contestant that is ready and waits."""

    def __init__(self, contestant: Contestant, number: int, folder: Path) -> None:
        self.contestant = contestant
        self.seconds: list[float] = []
        self.sample: Any = []
        environment = os.environ | (TUNED if contestant.tuned else {})
        self._process = subprocess.Popen(
            [sys.executable, __file__, "--child", str(number), "--folder", str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment,
        )
        self.failed: str | None = self._answer().get("failed")

    def race(self, *, count: bool) -> None:
        """Do one pass; keep its time when it counts."""
        if self.failed:
            return
        assert self._process.stdin is not None
        try:
            print("go", file=self._process.stdin, flush=True)
            answer = self._answer()
        except (OSError, ValueError):
            self.failed = "it ended without an answer"
            return
        self.sample = answer["sample"]
        if count:
            self.seconds.append(answer["seconds"])

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer


def photographs(folder: Path, count: int, width: int, height: int) -> None:
    """Cut photographs of one size out of the two that come with scikit-learn."""
    from PIL import Image
    from sklearn.datasets import load_sample_images

    drawn = np.random.default_rng(0)
    originals = [Image.fromarray(pixels) for pixels in load_sample_images().images]
    for number in range(count):
        original = originals[number % 2]
        share = drawn.uniform(0.6, 1.0)
        part = (original.width * share, original.width * share * height / width)
        if part[1] > original.height:
            part = (original.height * width / height, float(original.height))
        left, top = (
            drawn.uniform(0, side - cut) for side, cut in zip(original.size, part, strict=True)
        )
        picture = original.resize(
            (width, height), Image.Resampling.LANCZOS, (left, top, left + part[0], top + part[1])
        )
        if number % 4 > 1:
            picture = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        stream = io.BytesIO()
        picture.save(stream, "JPEG", quality=88)
        (folder / f"{number:05}.jpg").write_bytes(stream.getvalue())


def similarity(first: Any, second: Any) -> float:
    """Return the smallest cosine between the vectors of the same pictures."""
    a, b = np.asarray(first, np.float64), np.asarray(second, np.float64)
    if a.size == 0 or a.shape != b.shape:
        return float("nan")
    lengths = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    return float(((a * b).sum(1) / lengths).min())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=512)
    parser.add_argument("--width", type=int, default=640)
    parser.add_argument("--height", type=int, default=480)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=Path, help="your own JPEGs, all in one folder")
    parser.add_argument("--quick", action="store_true", help="only the fastest opponents")
    parser.add_argument("--only", nargs="*", help="programs: " + ", ".join(PROGRAMS))
    parser.add_argument("--json", type=Path, help="write the numbers here")
    parser.add_argument("--child", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    entrants = contestants()
    if options.child is not None:
        child(entrants[options.child], options.folder)
        return
    with tempfile.TemporaryDirectory(prefix="impasto-bench-") as temporary:
        folder = options.folder
        if folder is None:
            folder = Path(temporary)
            photographs(folder, options.images, options.width, options.height)
        run(entrants, folder, options)


def run(entrants: list[Contestant], folder: Path, options: argparse.Namespace) -> None:
    images = sum(1 for _ in folder.iterdir())
    size = sum(file.stat().st_size for file in folder.iterdir())
    print(f"{images} files, {size / images / 1e3:.0f} kB each; {os.cpu_count()} cores, ", end="")
    print(f"{platform.machine()}, Python {platform.python_version()}")
    ready = []
    for number, contestant in enumerate(entrants):
        if options.quick and not contestant.best:
            continue
        if options.only and contestant.kind not in options.only:
            continue
        ready.append(Process(contestant, number, folder))
    for turn in range(options.rounds + 1):  # the first is to warm up
        for process in ready:
            process.race(count=turn > 0)
    for process in ready:
        process.close()
    report(ready, images, options.json)


def report(ready: list[Process], images: int, file: Path | None) -> None:
    rates = {
        process.contestant: images / statistics.median(process.seconds)
        for process in ready
        if process.seconds
    }
    reference: Any = next((p.sample for p in ready if p.contestant.kind == "impasto"), [])
    print(f"\n{'images/s':>9}  {'spread':>11}  {'cosine':>7}")
    for process in sorted(ready, key=lambda p: -rates.get(p.contestant, 0)):
        if process.failed or not process.seconds:
            print(f"{'–':>9}  {process.contestant.name}: {process.failed}")
            continue
        low, high = images / max(process.seconds), images / min(process.seconds)
        cosine = similarity(reference, process.sample)
        told = "" if np.isnan(cosine) else f"{cosine:.4f}"
        rate = rates[process.contestant]
        print(f"{rate:9.1f}  {low:5.0f}–{high:<5.0f}  {told:>7}  {process.contestant.name}")
    print()
    headline: dict[str, dict[str, float]] = {}
    for precision in ("f32", "bf16"):
        found = {c.kind: rate for c, rate in rates.items() if c.ours and c.precision == precision}
        found["decode"] = next((r for c, r in rates.items() if c.kind == "decode"), float("nan"))
        rivals = {c: r for c, r in rates.items() if not c.ours and c.precision == precision}
        if not {"impasto", "forward"} <= found.keys():
            continue
        bound = 1 / (1 / found["decode"] + 1 / found["forward"])
        line = headline[precision] = {
            "ours": found["impasto"],
            "bound": bound,
            "share of the bound": found["impasto"] / bound,
        }
        print(
            f"{precision}: ours {found['impasto']:.0f} images/s, "
            f"{line['share of the bound']:.0%} of the bound {bound:.0f} = "
            f"1 / (1 / {found['decode']:.0f} decoding + 1 / {found['forward']:.0f} computing)"
        )
        if rivals:
            fastest = max(rivals, key=lambda c: rivals[c])
            line |= {"theirs": rivals[fastest], "ratio": found["impasto"] / rivals[fastest]}
            print(
                f"{' ' * len(precision)}  {line['ratio']:.2f} × the fastest {precision} opponent, "
                f"{fastest.name}: {rivals[fastest]:.0f}"
            )
    if file is not None:
        numbers = {c.name: rate for c, rate in rates.items()}
        file.write_text(json.dumps({"images/s": numbers, "headline": headline}, indent=2) + "\n")


if __name__ == "__main__":
    main()
