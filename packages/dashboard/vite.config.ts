import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** Static files that the server gives out: the page at `/`, everything else below `/ui/`. Nothing is fetched from elsewhere. */
export default defineConfig({
  root: import.meta.dirname,
  base: '/ui/',
  plugins: [react()],
  build: { target: 'es2023', sourcemap: false, assetsInlineLimit: 0, reportCompressedSize: false },
  server: { proxy: { '/v1': process.env['SWITCHYARD_SERVER'] ?? 'http://127.0.0.1:8080' } },
});
