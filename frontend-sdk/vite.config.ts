import { defineConfig } from 'vitest/config';
import { version } from './package.json';

export default defineConfig({
  define: { __VERSION__: JSON.stringify(version) },
  build: {
    target: 'es2022',
    minify: 'terser',
    terserOptions: { module: true, ecma: 2020, compress: { passes: 3 } },
    sourcemap: true,
    lib: { entry: 'src/index.ts', formats: ['es'], fileName: () => 'hub.js' },
  },
  test: { environment: 'happy-dom', include: ['tests/**/*.test.ts'] },
});
