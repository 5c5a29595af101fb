// Fills the template of docs/argocd-notifications.yaml as Argo CD's notifications do:
// Go's text/template with sprig's toJson, the application as plain maps.  The template
// comes as the argument, {"app": ..., "context": ...} on standard input.
package main

import (
	"encoding/json"
	"os"
	"text/template"
)

func main() {
	var vars map[string]interface{}
	if err := json.NewDecoder(os.Stdin).Decode(&vars); err != nil {
		panic(err)
	}
	toJson := func(v interface{}) string {
		text, _ := json.Marshal(v)
		return string(text)
	}
	t := template.Must(template.New("body").Funcs(template.FuncMap{"toJson": toJson}).Parse(os.Args[1]))
	if err := t.Execute(os.Stdout, vars); err != nil {
		panic(err)
	}
}
