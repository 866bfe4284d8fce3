/** Options of TRL's configs and scripts that have another name or place here. Those of the same name are not listed. */
export const PLACES: Readonly<Record<string, string>> = {
  beta: 'objective.beta',
  loss_type: 'objective.name',
  loss_weights: 'objective.loss_weights',
  label_smoothing: 'objective.label_smoothing',
  discopop_tau: 'objective.discopop_tau',
  f_divergence_type: 'objective.f_divergence_type',
  f_alpha_divergence_coef: 'objective.f_alpha_divergence_coef',
  ld_alpha: 'objective.ld_alpha',
  use_weighting: 'objective.use_weighting',
  cpo_alpha: 'objective.cpo_alpha',
  simpo_gamma: 'objective.simpo_gamma',
  desirable_weight: 'objective.desirable_weight',
  undesirable_weight: 'objective.undesirable_weight',
  model_name_or_path: 'model.path',
  ref_model: 'model.reference',
  gradient_checkpointing: 'model.rematerialize',
  use_peft: 'model.adapter',
  lora_r: 'model.adapter.rank',
  lora_alpha: 'model.adapter.alpha',
  lora_dropout: 'model.adapter.dropout',
  lora_target_modules: 'model.adapter.target_modules',
  use_rslora: 'model.adapter.rslora',
  use_dora: 'model.adapter.dora',
  dataset_name: 'data.files',
  dataset_train_split: 'data.split',
  dataset_test_split: 'data.eval_split',
  eval_strategy: 'training.eval_steps',
  save_strategy: 'training.save_steps',
  logging_strategy: 'training.logging_steps',
  generate_during_eval: 'evaluation.prompts_during_training',
  run_name: 'name',
};

/** Options of TRL's that are something else than an option of a config here. */
const ANSWERS: Readonly<Record<string, string>> = {
  bf16: 'all is computed in f32, except with backend: { name: xla, compute: bf16 }',
  fp16: 'weights are trained in f32, so leave it out',
  optim: 'the optimizer is AdamW, so leave it out',
  report_to: 'metrics are written to metrics.jsonl in the run folder, so leave it out',
  output_dir: 'the folder is given by --output FOLDER',
  resume_from_checkpoint: 'a run is continued by --resume FOLDER, and given more steps by --extend FOLDER',
  rpo_alpha: 'it is the weight of a regularizer, regularizers: [{ name: nll, weight: … }]',
};

/** What is said of an unknown option that TRL has; undefined for other names. */
export function answerToTrlOption(name: string): string | undefined {
  if (Object.hasOwn(PLACES, name)) return `did you mean "${PLACES[name]!}"?`;
  return Object.hasOwn(ANSWERS, name) ? ANSWERS[name] : undefined;
}
