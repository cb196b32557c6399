package archtest

// module is the path of the module in go.mod.
const module = "github.com/stonechat-im/stonechat/"

// floors of docs/architecture.md. The longest prefix that matches a package's folder counts.
var floors = map[string]int{
	"jid": 0, "xmlscan": 0, "elem": 0, "hook": 0, "spec": 0,
	"stanza": 1, "xep": 1, "sasl": 1, "ratchet": 1, "smq": 1,
	"transport": 2, "dial": 2, "stream": 2,
	"client": 3, "component": 3, "bench": 3, "server/store": 3, "server/kit": 3,
	"omemo": 4, "server/session": 4, "server/router": 4, "server/c2s": 4, "server/s2s": 4, "server/comp": 4, "server/auth": 4,
	"server/cluster": 4, "server/web": 4, "server/store/memory": 4, "server/store/sqlite": 4, "server/store/postgres": 4,
	"server/mod": 5, "gateway": 5,
	"server/mod/all": 6, "server/run": 6, "server/config": 6, "server/control": 6, "cmd": 6, "cabi": 6,
}

// beside are the folders that stand beside the floors: nothing but tests and each other import them.
var beside = []string{"xmpptest", "internal", "examples", "server/store/storetest"}

// sharedXEPs are the packages of xep/ that others of xep/ may import.
var sharedXEPs = []string{"disco", "forms", "rsm", "delay", "forward", "hints", "stanzaid", "occupantid", "addresses", "hashes"}

// thirdParties says who may import what that is neither ours nor the standard library's, by prefix; tests are free.
var thirdParties = map[string][]string{
	"jid":                 {"golang.org/x/text", "golang.org/x/net/idna"},
	"sasl":                {"golang.org/x/text"},
	"server/store/sqlite": {"modernc.org/sqlite"},
	"server/config":       {"github.com/pelletier/go-toml/v2"},
	"server/config/certs": {"golang.org/x/net/idna"},
	"cmd/stonechat":       {"github.com/alecthomas/kong", "golang.org/x/term", "golang.org/x/net/idna"},
	"xmpptest":            {"github.com/pelletier/go-toml/v2"},
	"bench":               {"golang.org/x/sys/unix"},

	"server/store/storetest": {"github.com/google/go-cmp", "pgregory.net/rapid"}, // a suite that drivers' tests call
}

// exception is one breach of a rule that is meant. Where names the file, package or function as the failure does.
type exception struct{ rule, where, reason string }

var exceptions = []exception{
	{"context field", "server/run Server", "it is the life of the server itself: what happens in no handler happens in it"},
}
