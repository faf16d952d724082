import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "units",
          include: ["test/**/*.test.ts"],
          exclude: ["test/processes/**"],
          isolate: false,
          pool: "threads",
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: "processes",
          include: ["test/processes/**/*.test.ts"],
          pool: "forks",
          fileParallelism: false,
          testTimeout: 180_000,
        },
      },
    ],
  },
});
