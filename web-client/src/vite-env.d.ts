/// <reference types="vite/client" />

/** Made by emoji_data.ts. */
declare module 'virtual:emoji' {
  const rows: [string, number, number, string, string, string, string, string, string][];
  export default rows;
}
