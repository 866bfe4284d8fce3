"""Write the tokenizer goldens: what Python's tokenizers and transformers give for varied texts and chats.

Needs: pip install tokenizers transformers jinja2
Usage: tokenizer.py [--stories260k FOLDER] [--smollm2 FOLDER] [--gemma3 FOLDER]     writes packages/model/src/testdata/tokenizer-*.json

`tokenizer-families.json` holds one small tokenizer of each family, trained here, with its answers, so the tests need no model
folder. The folders are optional: their goldens hold answers only, and are left alone when the folder is not named.
"""
import argparse, json, random
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import AutoTokenizer, PreTrainedTokenizerFast

TESTDATA = Path(__file__).resolve().parents[2] / "packages/model/src/testdata"

TEXTS = [
    "", " ", "   ", "\n", "\t\t", "a", "Hello", "Hello, world!", " Hello", "Hello ", "  Hello  world  ", "Once upon a time, there was a little girl named Lily.",
    "Don't, can't, we'll, I'M, you'RE, they've", "1234567890 3.14159 1,000,000 007", "a\nb\n\nc\r\nd\n\n\n", "tab\tseparated\tvalues", "trailing newline\n",
    "def f(x):\n    return x ** 2  # square\n\nif __name__ == '__main__':\n\tprint(f(3))\n", "const f = (x: number) => `${x}`;\n", "SELECT * FROM t WHERE a <> 'b' -- c",
    "Übergrößenträger straße naïve café", "cafe\u0301 vs caf\u00e9", "Привет, мир! Как дела?", "Γειά σου Κόσμε", "שלום עולם", "مرحبا بالعالم", "नमस्ते दुनिया", "สวัสดีชาวโลก",
    "你好，世界！今天天气很好。", "こんにちは世界、カタカナ", "안녕하세요 세계", "emoji 😀😃 👍🏽 👨‍👩‍👧‍👦 🇫🇷 ❤️", "math ∑∫√∞ ≠ ≤ ½ ² 𝔘𝔫𝔦", "currency $5 €10 £3 ¥7 ₹9", "quotes “curly” ‘single’ «guillemets» …—–",
    "zero\u200bwidth nbsp\u00a0here thin\u2009space ideographic\u3000space", "null\u0000byte bell\u0007", "\ufeffbyte order mark", "combining a\u0308\u0301 q\u0323\u0307", "mixed 中文 and English и русский",
    "http://example.com/a?b=c&d=%20#e", "user@example.com", "UPPER lower MiXeD camelCase snake_case kebab-case", "!!!???...,,,;;;:::", "(((nested [brackets {here}])))", "a" * 60, "ab " * 30, " " * 17 + "x", "\n" * 9 + "y",
    "<s>", "</s> text", "<unk>", "text <s> inside </s> text", "<|im_start|>user\nHi<|im_end|>\n", "<|endoftext|>", "<|im_start|", "<0x41> literal", "▁ lower one eighth block ▁▁", "Ġ and Ċ literals",
    "Lily’s mom said, \"Lily, let's go to the park.\"", "\\n escaped \\t \\\\", "x=1;y=2;z=x+y", "½ cup + ¾ tsp", "ﬁ ligature ﬀ Ａｆｕｌｌｗｉｄｔｈ", "İstanbul ıI ß ẞ", "ligne 1\u2028ligne 2\u2029fin", "𠜎𠜱𠝹 supplementary", "\u0e33\u0e4d sara am",
    # White space that JavaScript's \\s judges otherwise than Unicode: a byte order mark is none, "next line" is.
    "a \ufeff! \ufeff\ufeffb\ufeff\n", "x\u0085y \u0085\u0085 !\u0085", "\u180e mongolian \u2060joiner\u2060!",
    "digits ١٢٣ ६७ ½²³ Ⅻ ①② 12½", "foo_bar été_2 naïve١",
]

CHATS = {
    "user only": [{"role": "user", "content": "What is the capital of France?"}],
    "system and turns": [
        {"role": "system", "content": "You are terse."}, {"role": "user", "content": "Hi"}, {"role": "assistant", "content": " Hello! "}, {"role": "user", "content": "Bye\n"}],
    "odd characters": [{"role": "user", "content": "<b>\"quoted\" & 'single'</b> {{ not a template }} 中文 😀\n\n  indented"}, {"role": "assistant", "content": ""}],
}

# Each exercises constructs that chat templates in the wild use; all written for this test.
TEMPLATES = {
    "loop and generation prompt": "{% for m in messages %}<{{ m['role'] }}>{{ m['content'] | trim }}{{ eos_token }}\n{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}",
    "bos, namespace and loop variables": "{{ bos_token }}{% set ns = namespace(seen=0) %}{% for m in messages %}{% set ns.seen = ns.seen + 1 %}{{ loop.index0 }}/{{ loop.length }}:{{ m.role | upper }}={{ m.content }}"
    "{% if not loop.last %}|{% else %}#{{ ns.seen }}{% endif %}{% endfor %}",
    "system split off": "{%- if messages[0]['role'] == 'system' -%}\n    {%- set system = messages[0]['content'] -%}\n    {%- set rest = messages[1:] -%}\n{%- else -%}\n    {%- set system = 'default' -%}\n"
    "    {%- set rest = messages -%}\n{%- endif -%}\n[SYS {{ system }}]\n{%- for m in rest %}\n    {%- if (m['role'] == 'user') != (loop.index0 % 2 == 0) %}\n        {{- raise_exception('roles must alternate') }}\n"
    "    {%- endif %}\n{{ '[' ~ m['role'] ~ '] ' ~ m['content'] }}\n{%- endfor %}",
    "whitespace control": "start\n{% for m in messages %}\n  {% if m['role'] == 'user' %}\n  U: {{ m['content'] }}\n  {% elif m['role'] == 'assistant' %}\n  A: {{ m['content'] }}\n  {% endif %}\n{% endfor %}\nend",
    "tojson and macro": "{% macro turn(m, i=0) %}{{ i }}{{ m | tojson }}{% endmacro %}{% for m in messages %}{{ turn(m, loop.index) }}{% endfor %}{% if tools is none %}no tools{% endif %}",
    # Left out, since the JavaScript package differs: printing a boolean or none (`true` for `True`), and lengths of text with emoji (UTF-16 units).
    "methods, filters, tests and slices": "{% for m in messages %}{% if m.content is string and m.content.strip() %}{{ m.content.strip().split(' ')[0] }},{{ m.content.startswith('Hi') and 'greets' or 'talks' }},"
    "{{ m.role | length }},{{ m['content'][-3:] | upper }},{{ m.get('name', 'nobody') }},{{ (m.content | replace('i', 'I')).lower() }},{{ m.items() | list | length }}{% endif %};{% endfor %}"
    "{{ messages | map(attribute='role') | join('+') }} {{ messages[-1].role.title() }} {{ messages | selectattr('role', 'equalto', 'user') | list | length }} {{ range(3) | list | join }} "
    "{{ 7 // 2 }} {{ 7 % 4 }} {{ ([1, 2] + [3]) | length }} {{ 'a' in 'cab' and 'in' }} {{ not_there is defined and 'x' or 'undefined' }} {{ date | default('none given') }}",
    "break, continue and neighbours": "{% for m in messages %}{% if m.role == 'system' %}{% continue %}{% endif %}{% if loop.index > 3 %}{% break %}{% endif %}{{ m.role }}{% if loop.nextitem is defined %}>{{ loop.nextitem.role }}{% endif %};"
    "{% endfor %}{% for m in messages if m.role == 'tool' %}{{ m }}{% else %}no tool{% endfor %}",
    "set blocks, filters on blocks and comments": "{# nothing #}{% set text %}{% for m in messages %}{{ m.role }}{% endfor %}{% endset %}{{ text | trim | length }}{%- set a, b = 1, 2 -%}{{ a + b }}{% filter upper %}abc{% endfilter %}"
    "{% generation %}kept{% endgeneration %}{{ {'k': 1, 'l': [1, 'é\"']} | tojson }}{{ [1, {'z': none, 'a': true}] | tojson(indent=2) }}",
    # The formats that the authors of the named models publish, written for this test.
    "Llama 3's format": "{{ bos_token }}{% for m in messages %}{{ '<|start_header_id|>' + m['role'] + '<|end_header_id|>\n\n' + m['content'] | trim + '<|eot_id|>' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}",
    "Gemma 2's format, which has no system turn": "{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}{% for m in messages %}"
    "{% if (m['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Conversation roles must alternate') }}{% endif %}{% set role = 'model' if m['role'] == 'assistant' else m['role'] %}"
    "{{ '<start_of_turn>' + role + '\n' + m['content'] | trim + '<end_of_turn>\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<start_of_turn>model\n' }}{% endif %}",
    "Qwen 2.5's format, with its own system turn": "{%- if messages[0]['role'] == 'system' %}\n    {{- '<|im_start|>system\n' + messages[0]['content'] + '<|im_end|>\n' }}\n{%- else %}\n"
    "    {{- '<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n' }}\n{%- endif %}\n{%- for m in messages %}\n    {%- if m.role != 'system' or not loop.first %}\n"
    "        {{- '<|im_start|>' + m.role + '\n' + m.content + '<|im_end|>' + '\n' }}\n    {%- endif %}\n{%- endfor %}\n{%- if add_generation_prompt %}\n    {{- '<|im_start|>assistant\n' }}\n{%- endif %}\n",
    "Qwen 3's format, thinking turned off": "{%- for m in messages %}\n    {%- set text = m.content %}\n    {%- if m.role == 'assistant' and '</think>' in text %}\n        {%- set text = text.split('</think>')[-1].lstrip('\n') %}\n    {%- endif %}\n"
    "    {{- '<|im_start|>' + m.role + '\n' + text + '<|im_end|>\n' }}\n{%- endfor %}\n{%- if add_generation_prompt %}\n    {{- '<|im_start|>assistant\n' }}\n    {%- if enable_thinking is not defined or enable_thinking is false %}\n"
    "        {{- '<think>\n\n</think>\n\n' }}\n    {%- endif %}\n{%- endif %}\n",
    "Mistral's format": "{%- if messages[0]['role'] == 'system' %}{%- set system = messages[0]['content'] + '\n\n' %}{%- set rest = messages[1:] %}{%- else %}{%- set system = '' %}{%- set rest = messages %}{%- endif %}{{- bos_token }}"
    "{%- for m in rest %}{%- if (m['role'] == 'user') != (loop.index0 % 2 == 0) %}{{- raise_exception('After the optional system message, roles must alternate') }}{%- endif %}"
    "{%- if m['role'] == 'user' %}{{- '[INST] ' + (system if loop.first else '') + m['content'] + ' [/INST]' }}{%- elif m['role'] == 'assistant' %}{{- ' ' + m['content'] | trim + eos_token }}"
    "{%- else %}{{- raise_exception('Only user, system and assistant roles are supported') }}{%- endif %}{%- endfor %}",
    "Phi-3's format": "{% for m in messages %}{% if m['role'] in ['system', 'user', 'assistant'] %}{{ '<|' + m['role'] + '|>\n' + m['content'] + '<|end|>\n' }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>\n' }}{% else %}{{ eos_token }}{% endif %}",
    "refuses system": "{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}{% for m in messages %}{{ m['content'] }}{% endfor %}",
}

CORPUS = """Once upon a time, there was a little girl named Lily. She loved to play outside in the park. One day, she saw a big, red ball.
The quick brown fox jumps over the lazy dog; the dog doesn't mind. Numbers: 1, 2, 3, 10, 100, 2026. def f(x): return x + 1
Der schnelle braune Fuchs. Le renard brun rapide. El zorro marrón rápido. Привет, мир. 你好，世界。 こんにちは、世界。 안녕하세요. 😀 👍
    indented text, then    many   spaces. (brackets) [and] {more} <tags> "quotes" 'single' a_b c-d e/f g\\h""".split("\n") * 3


def answers(tokenizer, texts=TEXTS):
    """Ids and decodings of every text by the Rust tokenizer itself."""
    rows = []
    for text in texts:
        ids = tokenizer.encode(text, add_special_tokens=False).ids
        special = tokenizer.encode(text, add_special_tokens=True).ids
        rows.append({"text": text, "ids": ids, "idsWithSpecialTokens": special,
                     "decoded": tokenizer.decode(ids, skip_special_tokens=False), "decodedWithoutSpecialTokens": tokenizer.decode(special, skip_special_tokens=True)})
    return rows


def decodings(tokenizer, count=60):
    """Arbitrary ids, as a model may sample them: incomplete characters, special tokens anywhere."""
    random.seed(7)
    rows = []
    for length in (random.randint(1, 12) for _ in range(count)):
        ids = [random.randrange(tokenizer.get_vocab_size() if random.random() < 0.7 else 300) % tokenizer.get_vocab_size() for _ in range(length)]
        rows.append({"ids": ids, "decoded": tokenizer.decode(ids, skip_special_tokens=False), "decodedWithoutSpecialTokens": tokenizer.decode(ids, skip_special_tokens=True)})
    return rows


def chats(tokenizer, templates):
    """Rendered chats by transformers; an error is recorded as such."""
    rows = []
    for template_name, template in templates.items():
        for chat_name, messages in CHATS.items():
            for prompt in (False, True):
                row = {"template": template_name, "chat": chat_name, "messages": messages, "addGenerationPrompt": prompt}
                try:
                    row["text"] = tokenizer.apply_chat_template(messages, chat_template=template, tokenize=False, add_generation_prompt=prompt)
                    row["ids"] = tokenizer(row["text"], add_special_tokens=False)["input_ids"]
                except Exception as error:
                    row["error"] = str(error)
                rows.append(row)
    return rows


def train(model, trainer, **parts):
    tokenizer = Tokenizer(model)
    for name, part in parts.items():
        if name != "post_processor":
            setattr(tokenizer, name, part)
    tokenizer.train_from_iterator(CORPUS, trainer)
    if "post_processor" in parts:
        tokenizer.post_processor = parts["post_processor"]
    return tokenizer


def train_across(model, trainer, pre_tokenizer, **parts):
    """Merges learned without the splits, so that each place where a text is split, or is not, shows in the ids."""
    tokenizer = train(model, trainer, pre_tokenizer=pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False), **parts)
    tokenizer.train_from_iterator([part for text in TEXTS * 3 for part in (text, text[:9], text[-9:], text[4:12])], trainer)
    tokenizer.pre_tokenizer = pre_tokenizer
    return tokenizer


def families():
    specials = ["<unk>", "<s>", "</s>"]
    bytes_of = pre_tokenizers.ByteLevel.alphabet()
    add_bos = processors.TemplateProcessing(single="<s> $A", pair="<s> $A <s> $B", special_tokens=[("<s>", 1)])
    byte_level = dict(vocab_size=420, special_tokens=specials + ["<|im_start|>", "<|im_end|>"], initial_alphabet=bytes_of, show_progress=False)
    yield "byte-level BPE, GPT-2's split", train(
        models.BPE(), trainers.BpeTrainer(**byte_level), pre_tokenizer=pre_tokenizers.ByteLevel(add_prefix_space=False), decoder=decoders.ByteLevel())
    # Numbers in groups of up to three digits, case-insensitive contractions, newlines with the punctuation before them: the split that Llama 3 and Qwen 2 use.
    split = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    yield "byte-level BPE, regex split, NFC, begin token", train(
        models.BPE(ignore_merges=True), trainers.BpeTrainer(**byte_level), normalizer=normalizers.NFC(),
        pre_tokenizer=pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(split), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]),
        decoder=decoders.ByteLevel(), post_processor=processors.Sequence([processors.ByteLevel(), add_bos]))
    byte_tokens = [f"<0x{b:02X}>" for b in range(256)]
    sentencepiece_decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    bpe = train(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True), trainers.BpeTrainer(vocab_size=480, special_tokens=specials + byte_tokens, show_progress=False),
                normalizer=normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]), decoder=sentencepiece_decoder, post_processor=add_bos)
    yield "SentencePiece BPE with byte fallback, begin token", only_special(bpe, specials)
    metaspace = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="first", split=False)
    newer = train(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True), trainers.BpeTrainer(vocab_size=480, special_tokens=specials + byte_tokens, show_progress=False),
                  pre_tokenizer=metaspace, decoder=sentencepiece_decoder, post_processor=add_bos)
    yield "SentencePiece BPE, metaspace before the first word only", only_special(newer, specials)
    yield "Unigram", train(
        models.Unigram(), trainers.UnigramTrainer(vocab_size=160, special_tokens=specials, unk_token="<unk>", show_progress=False), normalizer=normalizers.NFKC(),
        pre_tokenizer=pre_tokenizers.Metaspace(), decoder=decoders.Metaspace(), post_processor=processors.TemplateProcessing(single="$A </s>", pair="$A </s> $B </s>", special_tokens=[("</s>", 2)]))
    yield from named_families(specials, bytes_of, byte_tokens, add_bos)
    words = Tokenizer(models.WordLevel({**{token: i for i, token in enumerate(specials)}, **{word: i + 3 for i, word in enumerate("a b Hello world ! 中文 text".split())}}, unk_token="<unk>"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    words.post_processor = add_bos
    words.add_special_tokens(specials)
    yield "word level", words


def named_families(specials, bytes_of, byte_tokens, add_bos):
    """The remaining arrangements of the named models, each with few merges."""
    small = dict(special_tokens=specials, initial_alphabet=bytes_of, vocab_size=560, show_progress=False)
    yield "byte-level BPE, GPT-2's split, merges across it", train_across(
        models.BPE(), trainers.BpeTrainer(**small), decoder=decoders.ByteLevel(), pre_tokenizer=pre_tokenizers.ByteLevel(add_prefix_space=False))
    # Qwen 2 and 3: single digits, NFC, no begin token; chat tokens beside the vocabulary, some of them not special.
    split = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    qwen = train_across(models.BPE(), trainers.BpeTrainer(**small), normalizer=normalizers.NFC(),
                 pre_tokenizer=pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(split), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]),
                 decoder=decoders.ByteLevel(), post_processor=processors.ByteLevel(trim_offsets=False))
    qwen.add_special_tokens(["<|endoftext|>", "<|im_start|>", "<|im_end|>"])
    qwen.add_tokens([AddedToken("<think>", normalized=False), AddedToken("</think>", normalized=False)])
    yield "byte-level BPE as Qwen has it: single digits, NFC, chat tokens beside the vocabulary", qwen
    # SmolLM: digits apart by a pre-tokenizer of their own.
    yield "byte-level BPE as SmolLM has it: digits apart", train_across(
        models.BPE(), trainers.BpeTrainer(**small), decoder=decoders.ByteLevel(),
        pre_tokenizer=pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]))
    # Every way of splitting at a pattern, one after another, and digits kept together.
    behaviors = [("-", "merged_with_previous"), ("(", "merged_with_next"), (Regex("[!?]"), "contiguous"), (Regex("[aeiou]{2}"), "isolated")]
    yield "splits that keep their separators", train_across(
        models.BPE(), trainers.BpeTrainer(**small), decoder=decoders.ByteLevel(),
        pre_tokenizer=pre_tokenizers.Sequence([*(pre_tokenizers.Split(pattern, behavior) for pattern, behavior in behaviors), pre_tokenizers.Digits(), pre_tokenizers.ByteLevel(add_prefix_space=False)]))
    # Gemma: no mark before the text, spaces stay with the word before, runs of newlines and of spaces as tokens of their own.
    gemma = train(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True), trainers.BpeTrainer(vocab_size=340, special_tokens=["<pad>", "<s>", "</s>", "<unk>"] + byte_tokens, show_progress=False),
                  normalizer=normalizers.Replace(" ", "▁"), pre_tokenizer=pre_tokenizers.Split(" ", "merged_with_previous"), decoder=decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]),
                  post_processor=add_bos)
    gemma = only_special(gemma, ["<pad>", "<s>", "</s>", "<unk>"])
    gemma.add_special_tokens(["<start_of_turn>", "<end_of_turn>"])
    gemma.add_tokens([AddedToken(text, normalized=False) for text in ["\n\n", "\n\n\n", "\n" * 9, "▁▁", "▁▁▁▁", "<b>", "</b>"]])
    yield "SentencePiece BPE as Gemma has it: no mark in front, runs of spaces and newlines", gemma
    # Phi-3: Llama 2's, whose chat tokens swallow the space behind them.
    phi = train(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True), trainers.BpeTrainer(vocab_size=330, special_tokens=specials + byte_tokens, show_progress=False),
                normalizer=normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]),
                decoder=decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]))
    phi = only_special(phi, specials)
    phi.add_special_tokens([AddedToken(token, normalized=False, rstrip=True) for token in ["<|user|>", "<|assistant|>", "<|end|>", "<|im_start|>"]])
    yield "SentencePiece BPE as Phi-3 has it: chat tokens that take the space behind them", phi
    # Unigram with bytes for what it lacks, white space squeezed, a mark before every word: T5's and XLM-R's arrangement without their table of characters.
    unigram = train(models.Unigram(), trainers.UnigramTrainer(vocab_size=150, special_tokens=specials, unk_token="<unk>", show_progress=False),
                    normalizer=normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")]),
                    pre_tokenizer=pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")]), decoder=decoders.Metaspace(),
                    post_processor=processors.TemplateProcessing(single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 1), ("</s>", 2)]))
    yield "Unigram over words, begin and end tokens", unigram


def only_special(tokenizer, specials):
    """The byte tokens were special for the trainer's sake; in the file only the real special tokens are."""
    data = json.loads(tokenizer.to_str())
    data["added_tokens"] = [token for token in data["added_tokens"] if token["content"] in specials]
    return Tokenizer.from_str(json.dumps(data))


def write(name, value):
    path = TESTDATA / name
    path.write_text(json.dumps(value, ensure_ascii=True, separators=(",", ":")) + "\n")
    print(f"{path.relative_to(TESTDATA.parents[3])}: {path.stat().st_size} bytes")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stories260k")
    parser.add_argument("--smollm2")
    parser.add_argument("--gemma3")
    arguments = parser.parse_args()

    cases = []
    for family, tokenizer in families():
        cases.append({"family": family, "tokenizer": json.loads(tokenizer.to_str()), "rows": answers(tokenizer), "decodings": decodings(tokenizer)})
        if len(cases) == 1:
            wrapped = PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", unk_token="<unk>")
            rendered = chats(wrapped, TEMPLATES)
    write("tokenizer-families.json", cases)
    write("tokenizer-templates.json", {"templates": TEMPLATES, "rows": rendered})
    for name, folder in (("stories260k", arguments.stories260k), ("smollm2", arguments.smollm2), ("gemma3", arguments.gemma3)):
        if folder is None:
            continue
        tokenizer = AutoTokenizer.from_pretrained(folder)
        golden = {"rows": answers(tokenizer.backend_tokenizer), "decodings": decodings(tokenizer.backend_tokenizer)}
        for row in golden["rows"]:  # transformers itself must say the same
            assert tokenizer(row["text"])["input_ids"] == row["idsWithSpecialTokens"] and tokenizer.decode(row["ids"]) == row["decoded"], row
        if tokenizer.chat_template:
            golden["chats"] = chats(tokenizer, {"own": tokenizer.chat_template})
        golden["tokens"] = {"bos": tokenizer.bos_token_id, "eos": tokenizer.eos_token_id, "pad": tokenizer.pad_token_id, "vocabularySize": len(tokenizer)}
        write(f"tokenizer-{name}.json", golden)


main()
