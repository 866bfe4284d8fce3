import { testBackend } from '@tether/testing';
import { plugin } from './index.ts';

testBackend({ create: () => plugin.create({}), floats: ['bf16', 'f16'] });
