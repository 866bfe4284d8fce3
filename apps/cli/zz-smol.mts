import { readFileSync } from 'node:fs';
import { hostTensor, type DeviceTensor } from '@tether/core';
import { input, reshape, traceGraph, type Tensor } from '@tether/graph';
import { openCheckpoint, loadModelConfig, loadTokenizer, llama, createGenerator } from '@tether/model';
import { createBackend, configSchema } from '@tether/backend-onnxruntime';
const [folder, name, mode] = process.argv.slice(2) as [string, string, string];
const golden = JSON.parse(readFileSync(`/work/main/tools/goldens/out/${name}/logits.json`, 'utf8'));
const { config } = await loadModelConfig(folder);
const tok = await loadTokenizer(folder);
const ck = await openCheckpoint(folder);
const model = llama(config);
const backend = await createBackend(configSchema.parse({}));
console.log(backend.description);
const parameters = new Map<string, DeviceTensor>();
for (const p of model.parameters) parameters.set(p.name, await backend.upload(hostTensor('f32', p.shape, await ck.read(p.name))));
for (const t of golden.texts) {
  const ids: number[] = t.ids; const T = ids.length;
  const symbols: Record<string, Tensor> = Object.fromEntries(model.parameters.map((p) => [p.name, input(p.name, 'f32', p.shape)]));
  const i = (n: string) => input(n, 'i32', [1, T]);
  const s = model.hiddenStates(symbols, { tokens: i('tokens'), segments: i('segments'), positions: i('positions'), keyMask: i('keyMask') });
  const g = traceGraph({ logits: model.head(symbols).logits(reshape(s, [T, config.hiddenSize]), 0, config.vocabSize) });
  const exe = await backend.compile(g, { label: 'logits' });
  const up = async (a: number[]) => backend.upload(hostTensor('i32', [1, T], Int32Array.from(a)));
  const ins = new Map(parameters); ins.set('tokens', await up(ids)); ins.set('segments', await up(ids.map(() => 1))); ins.set('positions', await up(ids.map((_, k) => k))); ins.set('keyMask', await up(ids.map(() => 1)));
  const out = await exe.run(ins);
  const V = config.vocabSize;
  const last = (await backend.download(out.get('logits')!)).data.slice((T - 1) * V) as Float32Array;
  const l = t.last_logits;
  let worst = 0;
  if (l.base64_float32) { const b = Buffer.from(l.base64_float32, 'base64'); for (let k = 0; k < V; k++) worst = Math.max(worst, Math.abs(last[k]! - b.readFloatLE(4 * k))); }
  else l.samples.forEach((x: number, k: number) => (worst = Math.max(worst, Math.abs(last[Math.floor((k * V) / 512)]! - x))));
  console.log('logits max abs diff', worst, 'of max', l.maxAbs, 'argmax equal', last.indexOf(Math.max(...last)) === l.argmax);
  await exe.dispose();
}
const gold = golden.chat ?? golden.greedy;
const ids = golden.chat ? tok.encode(tok.applyChatTemplate!([{ role: 'user', content: golden.chat.question }], { addGenerationPrompt: true }), { addSpecialTokens: false }) : tok.encode(gold.prompt);
console.log('prompt ids equal', JSON.stringify(ids) === JSON.stringify(gold.prompt_ids));
const gen = createGenerator({ backend, model, maxLength: config.maxPositionEmbeddings });
for (const round of [1, 2]) {
  const t0 = performance.now();
  const [r] = await gen.generate(parameters, [ids], { maxNewTokens: gold.ids.length, temperature: 0, eosTokenIds: config.eosTokenIds });
  console.log(`round ${round}`, Math.round(performance.now() - t0), 'ms', r!.tokens.length, 'tokens', r!.stop, JSON.stringify(tok.decode(r!.tokens, { skipSpecialTokens: true })), 'ids equal', JSON.stringify(r!.tokens) === JSON.stringify(gold.ids.slice(0, r!.tokens.length)));
}
const t0 = performance.now();
const many = await gen.generate(parameters, Array.from({ length: 16 }, () => ids), { maxNewTokens: 32, temperature: 1, topP: 0.95, seed: 3 });
const t1 = performance.now();
await gen.generate(parameters, Array.from({ length: 16 }, () => ids), { maxNewTokens: 32, temperature: 1, topP: 0.95, seed: 3 });
console.log('16 rows × 32 tokens: first', Math.round(t1 - t0), 'ms, again', Math.round(performance.now() - t1), 'ms', JSON.stringify(tok.decode(many[0]!.tokens)));
console.log('peak RSS MB', Math.round(process.resourceUsage().maxRSS / 1024));
await gen.dispose(); await backend.dispose();
