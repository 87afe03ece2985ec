/* The layers of the window: views → features → shared → ipc, and nothing the other way. */
module.exports = {
  forbidden: [
    {
      name: 'only-ipc-knows-tauri',
      severity: 'error',
      comment: 'The window runs without Tauri (fixtures, tests) because one folder alone imports it.',
      from: { pathNot: '^src/ipc/' },
      to: { path: '@tauri-apps' },
    },
    {
      name: 'ipc-is-the-bottom',
      severity: 'error',
      from: { path: '^src/ipc/' },
      to: { path: '^(src/(shared|features|views)|fixtures)/' },
    },
    {
      name: 'shared-knows-no-feature',
      severity: 'error',
      from: { path: '^src/shared/' },
      to: { path: '^(src/(features|views)|fixtures)/' },
    },
    {
      name: 'features-know-no-view',
      severity: 'error',
      from: { path: '^src/features/' },
      to: { path: '^(src/views|fixtures)/' },
    },
    {
      name: 'features-know-no-other-feature',
      severity: 'error',
      comment: 'What two features need belongs to shared.',
      from: { path: '^src/features/([^/]+)/' },
      to: { path: '^src/features/', pathNot: '^src/features/$1/' },
    },
    {
      name: 'no-fixtures-in-the-program',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^fixtures/' },
    },
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true, viaOnly: { pathNot: '\\.svelte$' } } },
    { name: 'no-orphan-import', severity: 'error', from: {}, to: { couldNotResolve: true, pathNot: ['^svelte/internal', '^#backend$'] } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^src/paraglide' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { extensions: ['.ts', '.js', '.svelte', '.svelte.ts'], exportsFields: ['exports'], conditionNames: ['svelte', 'browser', 'import', 'default'] },
  },
};
