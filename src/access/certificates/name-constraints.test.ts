import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { make, nameOf, type Names, type Wish } from '../../../test/certificates.ts';
import { obeys } from './name-constraints.ts';
import { readCertificate } from './read-certificate.ts';

const dns = (dNSName: string): Names => ({ dNSName });
const email = (rfc822Name: string): Names => ({ rfc822Name });
const uri = (uniformResourceIdentifier: string): Names => ({ uniformResourceIdentifier });
const ip = (iPAddress: string): Names => ({ iPAddress });
const directory = (organization: string): Names => ({ directoryName: nameOf([['2.5.4.10', organization]]) });
const other: Names = { registeredID: '1.2.3' };

async function isAllowed(limits: Pick<Wish, 'permitted' | 'excluded'>, holder: Wish): Promise<boolean> {
  const { constraints } = await readCertificate(make({ authority: true, ...limits }).der);
  assert.ok(constraints);
  return obeys(await readCertificate(make(holder).der), constraints, true);
}

/** What is permitted, a name, and whether that is one of it. */
const permitted: readonly (readonly [Names, Names, boolean])[] = [
  [dns('example.com'), dns('example.com'), true],
  [dns('example.com'), dns('a.b.EXAMPLE.com'), true],
  [dns('example.com'), dns('example.com.'), true],
  [dns('example.com'), dns('badexample.com'), false],
  [dns('example.com'), dns('example.com.org'), false],
  [dns('.example.com'), dns('a.example.com'), true],
  [dns('.example.com'), dns('example.com'), false],
  [dns('example.com'), dns('*.example.com'), true],
  [dns('a.example.com'), dns('*.example.com'), false],
  [dns(''), dns('example.org'), true],
  [dns('example.com'), email('a@example.org'), true],
  [email('a@example.com'), email('a@EXAMPLE.com'), true],
  [email('a@example.com'), email('A@example.com'), false],
  [email('example.com'), email('b@example.com'), true],
  [email('example.com'), email('b@a.example.com'), false],
  [email('.example.com'), email('b@a.example.com'), true],
  [email('.example.com'), email('b@example.com'), false],
  [email('example.com'), email('example.com'), false],
  [email('example.com'), email('"x@example.org"@example.com'), true],
  [email('example.org'), email('"x@example.org"@example.com'), false],
  [uri('example.com'), uri('https://example.com/a'), true],
  [uri('example.com'), uri('spiffe://example.com/a/b'), true],
  [uri('example.com'), uri('https://u@example.com:8443?q'), true],
  [uri('example.com'), uri('https://a.example.com/'), false],
  [uri('.example.com'), uri('https://a.example.com'), true],
  [uri('example.com'), uri('https://example.org/@example.com'), false],
  [uri('example.com'), uri('https://example.org#example.com'), false],
  [uri('example.com'), uri('https://10.0.0.1/'), false],
  [uri('example.com'), uri('https://[::1]/'), false],
  [uri('example.com'), uri('urn:a:b'), false],
  [ip('10.0.0.0/8'), ip('10.1.2.3'), true],
  [ip('10.0.0.0/8'), ip('11.1.2.3'), false],
  [ip('10.0.0.0/8'), ip('2001:db8::1'), false],
  [ip('2001:db8::/32'), ip('2001:db8:1::1'), true],
  [ip('2001:db8::/32'), ip('2001:db9::1'), false],
  [directory('Acme'), directory('ACME'), true],
  [directory('Acme'), directory('Other'), false],
  [other, other, false],
  [dns('example.com'), other, true],
];

describe('constraints of names', () => {
  for (const [base, name, expected] of permitted) {
    const [what, held] = [JSON.stringify(base), JSON.stringify(name)];
    it(`${expected ? 'let in' : 'keep out'} ${held} where ${what} is permitted`, async () => {
      // a distinguished name is looked at without the subject, which is one, too
      const wish = { names: [name], name: base.directoryName ? null : 'a holder' };
      assert.equal(await isAllowed({ permitted: [base] }, wish), expected);
    });
  }

  it('exclude what they name, and nothing else', async () => {
    const excluded = [dns('example.com')];
    assert.equal(await isAllowed({ excluded }, { names: [dns('a.example.com')] }), false);
    assert.equal(await isAllowed({ excluded }, { names: [dns('example.org')] }), true);
    assert.equal(
      await isAllowed({ excluded: [dns('a.example.com')] }, { names: [dns('*.example.com')] }),
      false,
    );
    assert.equal(
      await isAllowed({ permitted: [dns('com')], excluded }, { names: [dns('a.com'), dns('example.com')] }),
      false,
    );
  });

  it('are about the common name where it looks like a host, whatever other hosts are named', async () => {
    const limits = { permitted: [dns('example.com')] };
    assert.equal(await isAllowed(limits, { name: 'example.org' }), false);
    assert.equal(await isAllowed(limits, { name: 'a.example.com' }), true);
    assert.equal(await isAllowed(limits, { name: 'somebody' }), true);
    assert.equal(await isAllowed(limits, { name: 'example.org', names: [dns('example.com')] }), false);
    assert.equal(await isAllowed(limits, { name: 'a.example.com', names: [dns('example.com')] }), true);
    const excluded = [dns('example.org')];
    assert.equal(await isAllowed({ excluded }, { name: 'example.org', names: [dns('example.com')] }), false);
  });

  it('are about the subject of who is below', async () => {
    const limits = { permitted: [{ directoryName: nameOf([['2.5.4.3', 'acme']]) }] };
    assert.equal(await isAllowed(limits, { name: 'ACME', attributes: [['2.5.4.11', 'web']] }), true);
    assert.equal(await isAllowed(limits, { name: 'other' }), false);
  });
});
