import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['lib/**', 'node_modules/**', '**/*.mjs', '**/*.cjs', 'vitest.config.ts', 'style/**'] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      'max-len': ['error', { code: 120, ignoreComments: false }],
      'max-lines': ['error', 400],
      'max-lines-per-function': ['error', 50],
      quotes: ['error', 'single', { avoidEscape: true }],
      semi: ['error', 'always'],
      curly: 'error',
      eqeqeq: 'error',
      // Where an index is known to be good, saying so reads better than a branch that cannot be reached.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      // A callback of one call reads well on one line.
      '@typescript-eslint/no-confusing-void-expression': 'off',
      // The plugins' signatures are Jupyter's.
      '@typescript-eslint/unbound-method': 'off'
    }
  },
  { files: ['tests/**'], rules: { 'max-lines-per-function': 'off' } }
);
