package counterpoint

import (
	"encoding/json"
	"sync"
)

// Versions names what judged: classifier, lexicon or table to version. Those that were read from JSON are shared by all
// that say the same, as nearly all do: whoever changes one clones it.
type Versions map[string]string

// knownVersions are those that were read, by their JSON.
var knownVersions struct {
	sync.RWMutex
	by map[string]Versions
}

// manyVersions is how many are remembered. A log of years has fewer.
const manyVersions = 1000

// UnmarshalJSON takes those that are known already: making a map anew cost as much as the rest of a post's assessment.
func (v *Versions) UnmarshalJSON(b []byte) error {
	knownVersions.RLock()
	known, ok := knownVersions.by[string(b)]
	knownVersions.RUnlock()
	if ok {
		*v = known
		return nil
	}
	var m map[string]string
	if err := json.Unmarshal(b, &m); err != nil {
		return err
	}
	*v = m
	knownVersions.Lock()
	defer knownVersions.Unlock()
	if knownVersions.by == nil || len(knownVersions.by) >= manyVersions {
		knownVersions.by = map[string]Versions{}
	}
	knownVersions.by[string(b)] = m
	return nil
}
