/** What the jobs drawer says about a job. */

import type { Job } from "../api/types";
import { count, duration, rate } from "./format";

export function isActive(job: Job): boolean {
  return job.state === "queued" || job.state === "running";
}

/** Share done in [0, 1], or null when the end isn't known. */
export function share(job: Job): number | null {
  if (job.state === "done") return 1;
  return job.total ? Math.min(1, job.done / job.total) : null;
}

/** "412 of 1,903 images · 305/s · 5 s left". */
export function progressLine(job: Job): string {
  const unit = job.unit ? ` ${job.unit}` : "";
  const parts: string[] = [];
  if (job.total) parts.push(`${count(job.done)} of ${count(job.total)}${unit}`);
  else if (job.done) parts.push(`${count(job.done)}${unit}`);
  if (job.state === "running" && job.rate) parts.push(`${rate(job.rate)}/s`);
  if (job.state === "running" && job.seconds_left !== null && job.seconds_left !== undefined)
    parts.push(`${duration(job.seconds_left)} left`);
  return parts.join(" · ");
}

/** Whether to offer a job once more: it did not come to its end, and nobody asked for it since. */
export function offered(job: Job, jobs: readonly Job[]): boolean {
  return job.again && jobs.find((other) => other.kind === job.kind && other.title === job.title) === job;
}

/** What runs above what waits above what is over; within these as the server says, newest first. */
export function ordered(jobs: readonly Job[]): Job[] {
  const rank = (job: Job): number => (job.state === "running" ? 0 : job.state === "queued" ? 1 : 2);
  return [...jobs].sort((a, b) => rank(a) - rank(b));
}
