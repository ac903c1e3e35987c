"""Files of JSON lines: cut by a kill, read as they grow, cut back and grown again."""

from pathlib import Path

from ganvas.store.event_log import EventLog, read_events
from ganvas.store.json_lines import START, append_lines, read_lines, read_on
from ganvas.store.log import JsonLines, read_log_from


def test_a_watcher_reads_every_record_once_and_only_what_is_new(tmp_path) -> None:
    path, place, found = tmp_path / "log.jsonl", START, []
    log = JsonLines(path)
    for step in range(50):
        log.write({"images": step, "seconds": step / 7})
        if step % 3 == 0:
            records, place, anew = read_log_from(path, place)
            assert not anew and place.byte == path.stat().st_size
            assert len(records) == (3 if step else 1)
            found += records
    log.close()
    found += read_log_from(path, place).records
    assert found == read_lines(path) and len(found) == 50


def test_half_a_line_is_read_once_it_is_whole(tmp_path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text('{"images": 8}\n{"ima')
    records, place, _ = read_on(path)
    assert records == [{"images": 8}] and place.byte == 14
    assert read_on(path, place) == ([], place, False)
    with open(path, "a") as file:
        file.write('ges": 9}\n')
    assert read_on(path, place).records == [{"images": 9}]


def lines(first: int, last: int, seconds: float) -> list[dict]:
    return [{"images": n, "seconds": round(seconds + n / 8, 2)} for n in range(first, last)]


def test_a_log_that_was_cut_back_is_read_anew_even_if_it_has_grown_past_the_place(tmp_path) -> None:
    path = tmp_path / "log.jsonl"
    append_lines(path, lines(10, 30, 100))
    place = read_on(path).place
    kept = path.read_bytes()[:58]
    for added in (2, 19, 20, 40):
        path.write_bytes(kept)
        append_lines(path, lines(12, 12 + added, 200))
        found = read_on(path, place)
        assert found.anew and found.records == read_lines(path)
    path.unlink()
    assert read_on(path, place) == ([], START, True)


def test_a_cut_at_the_place_itself_is_read_on(tmp_path) -> None:
    path = tmp_path / "log.jsonl"
    append_lines(path, lines(10, 30, 100))
    place = read_on(path).place
    append_lines(path, lines(30, 32, 100))
    JsonLines(path, keep_bytes=place.byte).close()
    append_lines(path, lines(30, 33, 200))
    assert read_on(path, place) == (lines(30, 33, 200), read_on(path).place, False)


def test_an_event_after_a_line_that_was_cut_begins_a_new_one(tmp_path) -> None:
    log = EventLog(tmp_path)
    log.append("began", 0)
    with open(tmp_path / "events.jsonl", "ab") as file:
        file.write(b'{"time": "20')
    log.append("sampled", 16, path=tmp_path / "samples" / "000000016.png", text="")
    found = read_events(tmp_path).records
    assert [event["kind"] for event in found] == ["began", "sampled"]
    assert found[1]["path"] == "samples/000000016.png" and "text" not in found[1]


def test_a_log_of_many_lines_costs_a_watcher_its_new_ones_alone(tmp_path, monkeypatch) -> None:
    path = tmp_path / "log.jsonl"
    append_lines(path, lines(0, 20_000, 0))
    place = read_on(path).place
    append_lines(path, lines(20_000, 20_001, 0))
    asked: list[int] = []
    whole = open

    class Opened:
        def __init__(self, file: Path, mode: str) -> None:
            self.file = whole(file, mode)

        def __enter__(self) -> "Opened":
            return self

        def __exit__(self, *_: object) -> None:
            self.file.close()

        def seek(self, *where: int) -> int:
            return self.file.seek(*where)

        def read(self, *size: int) -> bytes:
            found = self.file.read(*size)
            asked.append(len(found))
            return found

    monkeypatch.setattr("ganvas.store.json_lines.open", Opened, raising=False)
    assert len(read_on(path, place).records) == 1
    assert sum(asked) < 1_000 < path.stat().st_size
