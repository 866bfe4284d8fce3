import { serveTask } from './inChild.ts';
import { runJob } from './job.ts';

serveTask(runJob);
