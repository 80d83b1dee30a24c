import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SecretBytes } from '#crypto';
import type { House } from '../house.ts';
import { newPasswordCosts, passwordVerifier } from './passwords.ts';

const house = { documents: {} as House['documents'] };

function secret(text: string): SecretBytes {
  return SecretBytes.take(Buffer.from(text));
}

describe('the verifier of a password', () => {
  for (const approvedOnly of [false, true]) {
    it(`is the same for the same password and salt, and for no other (${approvedOnly ? 'PBKDF2' : 'Argon2id'})`, async () => {
      const [costs, others] = [newPasswordCosts(approvedOnly), newPasswordCosts(approvedOnly)];
      using first = await passwordVerifier(house, secret('one'), costs);
      using again = await passwordVerifier(house, secret('one'), costs);
      using other = await passwordVerifier(house, secret('two'), costs);
      using salted = await passwordVerifier(house, secret('one'), others);
      assert.equal(costs.kdf, approvedOnly ? 'pbkdf2-hmac-sha-512' : 'argon2id');
      assert.ok(first.equals(again));
      assert.ok(!first.equals(other));
      assert.ok(!first.equals(salted));
    });
  }
});
