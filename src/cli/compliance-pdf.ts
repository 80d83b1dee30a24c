export const compliancePdf = async (_run: never): Promise<Uint8Array> => {
  throw new Error('not yet');
};
