import { cleanup } from '@testing-library/svelte';
import { afterEach } from 'vitest';

process.env['TZ'] = 'Asia/Shanghai';

afterEach(() => cleanup());
