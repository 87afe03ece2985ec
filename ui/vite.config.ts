import { fileURLToPath } from 'node:url';
import { paraglideVitePlugin } from '@inlang/paraglide-js';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig(({ mode }) => ({
  plugins: [
    // The language is a rune in src/shared/language.svelte.ts; the compiled messages ask it.
    paraglideVitePlugin({
      project: './project.inlang',
      outdir: './src/paraglide',
      strategy: ['globalVariable', 'baseLocale'],
      outputStructure: 'locale-modules',
    }),
    svelte(),
  ],
  resolve: {
    alias: [
      // The one place that decides who answers the window's commands: nothing of the fixtures is
      // reachable from the production entry.
      {
        find: '#backend',
        replacement: here(mode === 'fixtures' ? './fixtures/scenes.ts' : './src/ipc/tauri.ts'),
      },
      { find: '$ipc', replacement: here('./src/ipc/index.ts') },
      { find: /^\$shared$/, replacement: here('./src/shared/index.ts') },
      { find: /^\$shared\//, replacement: `${here('./src/shared')}/` },
      { find: '$messages', replacement: here('./src/shared/messages.ts') },
    ],
    // Under vitest the browser build of Svelte is wanted, not the server's.
    conditions: mode === 'test' ? ['browser'] : undefined,
  },
  server: { port: 5173, strictPort: true, host: '127.0.0.1' },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'safari15',
    assetsInlineLimit: 0, // the content security policy knows no data: addresses
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 900,
  },
  test: {
    environment: 'jsdom',
    env: { TZ: 'Asia/Shanghai' },
    include: ['tests/**/*.test.ts', 'src/**/*.test.ts'],
    setupFiles: ['tests/setup.ts'],
    testTimeout: 20_000,
  },
}));
