export { adamw, biasCorrection, type AdamWConstants, type AdamWScalars, type AdamWState } from './adamw.ts';
export { applyClip, clipFactor, hostClipFactor } from './clip.ts';
export {
  isDelayed,
  scheduleFactor,
  SCHEDULES,
  weightFactor,
  weightScheduleSchema,
  type Schedule,
  type ScheduleName,
  type WeightSchedule,
} from './schedule.ts';
