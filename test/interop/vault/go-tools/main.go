// What three tools do with Vault's transit engine, through their own code: SOPS, Tink and cosign (sigstore).
//
//	go-tools sops ADDRESS/v1/MOUNT/keys/KEY | tink KEY | cosign KEY ALGORITHM
package main

import (
	"bytes"
	"context"
	"crypto"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/getsops/sops/v3/hcvault"
	"github.com/hashicorp/vault/api"
	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/sigstore/sigstore/pkg/signature/kms/hashivault"
	"github.com/sigstore/sigstore/pkg/signature/options"
	tink "github.com/tink-crypto/tink-go-hcvault/v2/integration/hcvault"
	"github.com/tink-crypto/tink-go/v2/aead"
)

func main() {
	answer, err := run(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	if err := json.NewEncoder(os.Stdout).Encode(answer); err != nil {
		os.Exit(1)
	}
}

func run(args []string) (map[string]any, error) {
	switch {
	case len(args) == 2 && args[0] == "sops":
		return runSops(args[1])
	case len(args) == 2 && args[0] == "tink":
		return runTink(args[1])
	case len(args) == 3 && args[0] == "cosign":
		return runCosign(args[1], args[2])
	}
	return nil, errors.New("no such tool")
}

// runSops wraps a file's data key, as an encrypted file is made, and opens it, as it is read.
func runSops(uri string) (map[string]any, error) {
	key, err := hcvault.NewMasterKeyFromURI(uri)
	if err != nil {
		return nil, err
	}
	dataKey := []byte("0123456789abcdef0123456789abcdef")
	if err := key.Encrypt(dataKey); err != nil {
		return nil, err
	}
	reader, err := hcvault.NewMasterKeyFromURI(uri)
	if err != nil {
		return nil, err
	}
	reader.SetEncryptedDataKey(key.EncryptedDataKey())
	opened, err := reader.Decrypt()
	if err != nil {
		return nil, err
	}
	return map[string]any{"wrapped": string(key.EncryptedDataKey()), "same": bytes.Equal(opened, dataKey)}, nil
}

// runTink goes through the AEAD itself, in the present and in the older way, and through an envelope.
func runTink(key string) (map[string]any, error) {
	client, err := api.NewClient(api.DefaultConfig())
	if err != nil {
		return nil, err
	}
	address := strings.TrimPrefix(client.Address(), "http://")
	prefix := "hcvault://" + address + "/"
	uri := prefix + "transit/keys/" + key
	answer := map[string]any{}
	for name, choice := range map[string][]tink.AEADOption{"present": nil, "older": {tink.WithLegacyContextParamater()}} {
		kms, err := tink.NewClientWithAEADOptions(prefix, client.Logical(), choice...)
		if err != nil {
			return nil, err
		}
		remote, err := kms.GetAEAD(uri)
		if err != nil {
			return nil, err
		}
		sealed, err := remote.Encrypt([]byte("message"), []byte("row 7"))
		if err != nil {
			return nil, err
		}
		opened, err := remote.Decrypt(sealed, []byte("row 7"))
		if err != nil {
			return nil, err
		}
		_, wrong := remote.Decrypt(sealed, []byte("row 8"))
		envelope := aead.NewKMSEnvelopeAEAD2(aead.AES256GCMKeyTemplate(), remote)
		long, err := envelope.Encrypt([]byte("a long message"), []byte("file 1"))
		if err != nil {
			return nil, err
		}
		read, err := envelope.Decrypt(long, []byte("file 1"))
		if err != nil {
			return nil, err
		}
		answer[name] = map[string]any{
			"opened":   string(opened),
			"envelope": string(read),
			"bound":    wrong != nil,
		}
	}
	return answer, nil
}

// runCosign makes a key, reads it, signs a blob with it, and checks the signature there and here.
func runCosign(key string, algorithm string) (map[string]any, error) {
	ctx := context.Background()
	hash := crypto.SHA256
	if algorithm == "ed25519" {
		hash = crypto.Hash(0) // the message itself is signed
	}
	signer, err := hashivault.LoadSignerVerifier("hashivault://"+key, hash)
	if err != nil {
		return nil, err
	}
	made, err := signer.CreateKey(ctx, algorithm)
	if err != nil {
		return nil, err
	}
	public, err := signer.PublicKey(options.WithContext(ctx))
	if err != nil {
		return nil, err
	}
	same, ok := made.(interface{ Equal(crypto.PublicKey) bool })
	if !ok || !same.Equal(public) {
		return nil, errors.New("the key that was made is not the one that is read")
	}
	blob := []byte("a blob that is signed")
	signed, err := signer.SignMessage(bytes.NewReader(blob))
	if err != nil {
		return nil, err
	}
	here, err := signature.LoadVerifier(public, crypto.SHA256)
	if err != nil {
		return nil, err
	}
	answer := map[string]any{
		"here":   here.VerifySignature(bytes.NewReader(signed), bytes.NewReader(blob)) == nil,
		"there":  signer.VerifySignature(bytes.NewReader(signed), bytes.NewReader(blob)) == nil,
		"forged": signer.VerifySignature(bytes.NewReader(signed), strings.NewReader("another")) == nil,
	}
	return answer, nil
}
