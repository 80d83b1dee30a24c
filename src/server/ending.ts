/** The end of work in the background, which its pauses do not hold up. */
export interface Ending {
  readonly isEnding: () => boolean;
  /** Resolves after so many milliseconds, or when the end comes. */
  readonly pause: (millis: number) => Promise<void>;
  readonly end: () => void;
}

export function createEnding(): Ending {
  const ending = Promise.withResolvers<void>();
  let isEnding = false;
  return {
    isEnding: () => isEnding,
    async pause(millis) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, millis);
      timer.unref();
      await Promise.race([promise, ending.promise]);
      clearTimeout(timer);
    },
    end() {
      isEnding = true;
      ending.resolve();
    },
  };
}
