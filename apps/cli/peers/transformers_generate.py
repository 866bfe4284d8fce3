"""The same sampling as `tether bench`, by transformers' generate: one line of JSON on standard output."""

import argparse
import json
import resource
import time
import warnings

warnings.filterwarnings("ignore")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--config", required=True, help="the model's config.json as JSON")
    parser.add_argument("--batch", type=int, required=True)
    parser.add_argument("--prompt", type=int, required=True)
    parser.add_argument("--completion", type=int, required=True)
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--threads", type=int, default=0)
    options = parser.parse_args()
    import torch
    import transformers
    from transformers import LlamaConfig, LlamaForCausalLM

    if options.threads:
        torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    config = LlamaConfig(
        **{key: value for key, value in json.loads(options.config).items() if key != "model_type"},
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=2,
    )
    model = LlamaForCausalLM(config).eval()
    seconds = []
    for _ in range(options.steps):
        ids = torch.randint(4, 1000, (options.batch, options.prompt))
        start = time.perf_counter()
        with torch.no_grad():
            model.generate(
                ids,
                attention_mask=torch.ones_like(ids),
                do_sample=True,
                temperature=1.0,
                top_k=0,
                min_new_tokens=options.completion,
                max_new_tokens=options.completion,
            )
        seconds.append(time.perf_counter() - start)
    print(
        json.dumps(
            {
                "description": f"transformers {transformers.__version__}, torch {torch.__version__}, "
                f"{torch.get_num_threads()} threads",
                "stepSeconds": seconds,
                "peakMemoryBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
            }
        )
    )


main()
