/** Drop stale replies: of several calls under way, only the newest one's answer counts. */
export function latest<A extends unknown[], T>(
  call: (...args: A) => Promise<T>,
): (...args: A) => Promise<{ value: T } | null> {
  let newest = 0;
  return async (...args) => {
    const mine = ++newest;
    try {
      const value = await call(...args);
      return mine === newest ? { value } : null;
    } catch (error) {
      if (mine === newest) throw error;
      return null;
    }
  };
}
