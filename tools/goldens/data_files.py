"""Write the data goldens: the same preference rows as pyarrow and datasets write them, for the readers of packages/data.

Needs: pip install datasets pyarrow
Usage: data_files.py     writes packages/data/src/testdata/{rows.json,*.parquet,*.arrow,saved/,saved-splits/}
"""
import json, shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from datasets import Dataset, DatasetDict

TESTDATA = Path(__file__).resolve().parents[2] / "packages/data/src/testdata"


def row(i):
    """Columns of UltraFeedback binarized, with text that is hard on decoders."""
    prompt = f"Question {i}: «ü» 😀 \u2028 \"quoted\" \\ {'long ' * (i % 7)}".strip()
    turn = lambda role, content: {"content": content, "role": role}
    sides = [turn("assistant", f"good {i}\nsecond line"), turn("assistant", "" if i == 5 else f"bad {i}")]
    return {"prompt": prompt, "prompt_id": f"{i:04x}", "chosen": [turn("user", prompt), sides[0]], "rejected": [turn("user", prompt), sides[1]],
            "score_chosen": 8.0 + i / 2, "score_rejected": None if i == 3 else 4.5}


def main():
    shutil.rmtree(TESTDATA, ignore_errors=True)
    TESTDATA.mkdir(parents=True)
    rows = [row(i) for i in range(24)]
    (TESTDATA / "rows.json").write_text(json.dumps(rows, ensure_ascii=False, indent=1) + "\n")
    table = Dataset.from_list(rows).data.table
    for codec in ("snappy", "zstd", "gzip", "brotli", "lz4", "none"):
        pq.write_table(table, TESTDATA / f"{codec}.parquet", compression=codec, row_group_size=10)
    pq.write_table(table, TESTDATA / "pages-2.parquet", data_page_version="2.0", data_page_size=64, use_dictionary=False)
    with pa.OSFile(str(TESTDATA / "file-format.arrow"), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=10)
    large = table.cast(pa.schema([(f.name, pa.large_string() if f.type == pa.string() else f.type) for f in table.schema]))
    with pa.OSFile(str(TESTDATA / "large-strings.arrow"), "wb") as sink, pa.ipc.new_stream(sink, large.schema) as writer:
        writer.write_table(large, max_chunksize=10)
    whole = Dataset.from_list(rows)
    whole.save_to_disk(str(TESTDATA / "saved"), num_shards=2)
    splits = DatasetDict(train=whole.select(range(20)), test=whole.select(range(20, 24)))
    splits.save_to_disk(str(TESTDATA / "saved-splits"))


main()
