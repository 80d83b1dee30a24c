// A command line over Vault's own Go client, which sends what the `vault` command sends, and prints answers as JSON.
//
//	go-client [-wrap-ttl=60s] write [-f] PATH [NAME=VALUE...] | read PATH | list PATH | delete PATH
//	go-client kv put|patch|get|list|delete|undelete|destroy|metadata ... | kv helpers MOUNT NAME
//	go-client status | login TOKEN | token create|lookup|renew|revoke ... | unwrap [TOKEN]
//	go-client policy write|read|list|delete ... | secrets enable|list|move|disable ... | auth enable|list|disable ...
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path"
	"strings"

	"github.com/hashicorp/vault/api"
)

type values = map[string]interface{}

var errUsage = errors.New("no such command")

func main() {
	wrapTTL := flag.String("wrap-ttl", "", "wrap the answer for so long")
	flag.Parse()
	answer, err := run(flag.Args(), *wrapTTL)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(answer); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string, wrapTTL string) (interface{}, error) {
	if len(args) == 0 {
		return nil, errUsage
	}
	client, err := api.NewClient(api.DefaultConfig())
	if err != nil {
		return nil, err
	}
	if wrapTTL != "" {
		client.SetWrappingLookupFunc(func(string, string) string { return wrapTTL })
	}
	command, rest := args[0], args[1:]
	switch command {
	case "kv":
		return runKV(client, rest)
	case "token":
		return runToken(client, rest)
	case "policy", "secrets", "auth":
		return runSystem(client, command, rest)
	}
	return runLogical(client, command, rest)
}

// pairs makes the body of a write: every value is a string; a name that comes twice becomes a list.
func pairs(args []string) (values, error) {
	data := values{}
	for _, arg := range args {
		name, value, found := strings.Cut(arg, "=")
		if !found {
			return nil, fmt.Errorf("%q is not NAME=VALUE", arg)
		}
		if first, ok := data[name]; ok {
			data[name] = []interface{}{first, value}
			continue
		}
		data[name] = value
	}
	return data, nil
}

func runLogical(client *api.Client, command string, args []string) (interface{}, error) {
	if command == "status" {
		return status(client)
	}
	if command == "unwrap" {
		return client.Logical().Unwrap(strings.Join(args, ""))
	}
	if len(args) == 0 {
		return nil, errUsage
	}
	switch command {
	case "write":
		if args[0] == "-f" {
			// the body of this request is `null`
			return client.Logical().Write(args[1], nil)
		}
		data, err := pairs(args[1:])
		if err != nil {
			return nil, err
		}
		return client.Logical().Write(args[0], data)
	case "read":
		query := map[string][]string{}
		for _, arg := range args[1:] {
			name, value, _ := strings.Cut(arg, "=")
			query[name] = append(query[name], value)
		}
		return client.Logical().ReadWithData(args[0], query)
	case "list":
		return client.Logical().List(args[0])
	case "delete":
		return client.Logical().Delete(args[0])
	case "login":
		client.SetToken(args[0])
		return client.Auth().Token().LookupSelf()
	}
	return nil, errUsage
}

func status(client *api.Client) (interface{}, error) {
	seal, err := client.Sys().SealStatus()
	if err != nil {
		return nil, err
	}
	leader, err := client.Sys().Leader()
	if err != nil {
		return nil, err
	}
	health, err := client.Sys().Health()
	if err != nil {
		return nil, err
	}
	return values{"seal": seal, "leader": leader, "health": health}, nil
}

func runToken(client *api.Client, args []string) (interface{}, error) {
	if len(args) == 0 {
		return nil, errUsage
	}
	tokens := client.Auth().Token()
	switch command, rest := args[0], args[1:]; command {
	case "create":
		request := &api.TokenCreateRequest{}
		for _, arg := range rest {
			name, value, _ := strings.Cut(arg, "=")
			switch name {
			case "policy":
				request.Policies = append(request.Policies, value)
			case "ttl":
				request.TTL = value
			case "type":
				request.Type = value
			case "orphan":
				request.NoParent = true
			}
		}
		return tokens.Create(request)
	case "lookup":
		if len(rest) == 0 {
			return tokens.LookupSelf()
		}
		return tokens.Lookup(rest[0])
	case "renew":
		if len(rest) == 0 {
			return tokens.RenewSelf(3600)
		}
		return tokens.Renew(rest[0], 3600)
	case "revoke":
		if len(rest) == 0 {
			return nil, tokens.RevokeSelf("")
		}
		return nil, tokens.RevokeTree(rest[0])
	case "capabilities":
		return client.Sys().CapabilitiesSelf(rest[0])
	}
	return nil, errUsage
}

func runSystem(client *api.Client, area string, args []string) (interface{}, error) {
	if len(args) == 0 {
		return nil, errUsage
	}
	system, rest := client.Sys(), append(args[1:], "", "")
	switch area + " " + args[0] {
	case "policy write":
		return nil, system.PutPolicy(rest[0], rest[1])
	case "policy read":
		return system.GetPolicy(rest[0])
	case "policy list":
		return system.ListPolicies()
	case "policy delete":
		return nil, system.DeletePolicy(rest[0])
	case "secrets enable":
		options := map[string]string{}
		kind := rest[1]
		if kind == "kv-v2" {
			kind, options["version"] = "kv", "2"
		}
		return nil, system.Mount(rest[0], &api.MountInput{Type: kind, Options: options})
	case "secrets list":
		return system.ListMounts()
	case "secrets move":
		return nil, system.Remount(rest[0], rest[1])
	case "secrets disable":
		return nil, system.Unmount(rest[0])
	case "auth enable":
		return nil, system.EnableAuthWithOptions(rest[0], &api.EnableAuthOptions{Type: rest[1]})
	case "auth list":
		return system.ListAuth()
	case "auth disable":
		return nil, system.DisableAuth(rest[0])
	}
	return nil, errUsage
}

// mountOf asks which engine answers a path, and its version, before each `kv` command.
func mountOf(client *api.Client, secret string) (mount string, version string, err error) {
	client.SetWrappingLookupFunc(nil)
	request := client.NewRequest(http.MethodGet, "/v1/sys/internal/ui/mounts/"+secret)
	//nolint:staticcheck // the command itself uses it
	response, err := client.RawRequest(request)
	if response != nil {
		defer response.Body.Close()
	}
	if err != nil {
		if response != nil && response.StatusCode == http.StatusNotFound {
			return "", "1", nil
		}
		return "", "", err
	}
	answer, err := api.ParseSecret(response.Body)
	if err != nil {
		return "", "", err
	}
	mount, _ = answer.Data["path"].(string)
	options, _ := answer.Data["options"].(map[string]interface{})
	version, _ = options["version"].(string)
	if version == "" {
		version = "1"
	}
	return mount, version, nil
}

func runKV(client *api.Client, args []string) (interface{}, error) {
	if len(args) < 2 {
		return nil, errUsage
	}
	command, secret, rest := args[0], strings.Trim(args[1], "/"), args[2:]
	if command == "helpers" {
		return kvHelpers(client, secret, rest[0])
	}
	mount, version, err := mountOf(client, secret)
	if err != nil {
		return nil, err
	}
	logical := client.Logical()
	if version == "1" {
		switch command {
		case "put":
			data, err := pairs(rest)
			if err != nil {
				return nil, err
			}
			return logical.Write(secret, data)
		case "get":
			return logical.Read(secret)
		case "list":
			return logical.List(secret)
		case "delete":
			return logical.Delete(secret)
		}
		return nil, errUsage
	}
	at := func(part string) string {
		return path.Join(mount, part, strings.TrimPrefix(secret, strings.TrimSuffix(mount, "/")))
	}
	switch command {
	case "put", "patch":
		body := values{}
		if len(rest) > 0 && strings.HasPrefix(rest[0], "-cas=") {
			body["options"] = values{"cas": json.Number(strings.TrimPrefix(rest[0], "-cas="))}
			rest = rest[1:]
		}
		data, err := pairs(rest)
		if err != nil {
			return nil, err
		}
		body["data"] = data
		if command == "patch" {
			return logical.JSONMergePatch(context.Background(), at("data"), body)
		}
		return logical.Write(at("data"), body)
	case "get":
		query := map[string][]string{}
		if len(rest) > 0 {
			query["version"] = []string{rest[0]}
		}
		return logical.ReadWithData(at("data"), query)
	case "list":
		return logical.List(at("metadata"))
	case "delete":
		if len(rest) == 0 {
			return logical.Delete(at("data"))
		}
		return logical.Write(at("delete"), values{"versions": rest})
	case "undelete", "destroy":
		return logical.Write(at(command), values{"versions": rest})
	case "metadata":
		return logical.Read(at("metadata"))
	}
	return nil, errUsage
}

// kvHelpers goes through the client's own helpers for version 2.
func kvHelpers(client *api.Client, mount string, name string) (interface{}, error) {
	ctx, kv := context.Background(), client.KVv2(mount)
	if _, err := kv.Put(ctx, name, values{"user": "u", "password": "one"}, api.WithCheckAndSet(0)); err != nil {
		return nil, err
	}
	if _, err := kv.Patch(ctx, name, values{"password": "two"}); err != nil {
		return nil, err
	}
	if _, err := kv.Put(ctx, name, values{"password": "three"}); err != nil {
		return nil, err
	}
	if _, err := kv.Rollback(ctx, name, 2); err != nil {
		return nil, err
	}
	now, err := kv.Get(ctx, name)
	if err != nil {
		return nil, err
	}
	versions, err := kv.GetVersionsAsList(ctx, name)
	if err != nil {
		return nil, err
	}
	if err := kv.DeleteMetadata(ctx, name); err != nil {
		return nil, err
	}
	_, gone := kv.Get(ctx, name)
	return values{
		"data":     now.Data,
		"version":  now.VersionMetadata.Version,
		"versions": len(versions),
		"gone":     errors.Is(gone, api.ErrSecretNotFound),
	}, nil
}
