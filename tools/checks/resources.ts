export interface Resources {
  readonly seconds: number;
  /** User and system time of all threads. */
  readonly cpuSeconds: number;
  readonly peakMiB: number;
  since(earlier: Resources): Resources;
}

/** What the process has used until now. */
export function resources(): Resources {
  const { user, system } = process.cpuUsage();
  const make = (seconds: number, cpuSeconds: number, peakMiB: number): Resources => ({
    seconds,
    cpuSeconds,
    peakMiB,
    since: (earlier) => make(seconds - earlier.seconds, cpuSeconds - earlier.cpuSeconds, peakMiB),
  });
  return make(performance.now() / 1000, (user + system) / 1e6, process.resourceUsage().maxRSS / 1024);
}
