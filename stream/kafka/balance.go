package kafka

import (
	"cmp"
	"slices"

	kafkago "github.com/segmentio/kafka-go"
)

// together shares out partitions so that a process gets the same ones of every topic that has as many: what
// belongs together, as an item and its assessment do by their key, then meets in one process. Members say in which
// process they are; Kafka's own assignors go by member ids, which are random.
type together struct{ process string }

var _ kafkago.GroupBalancer = together{}

// ProtocolName tells it from others in the group. The group uses it once all members know it.
func (together) ProtocolName() string { return "counterpoint-together" }

// UserData is what members tell the one that shares out.
func (t together) UserData() ([]byte, error) { return []byte(t.process), nil }

// AssignGroups gives each topic's partitions, in ranges, to its members in the order of their processes.
func (together) AssignGroups(members []kafkago.GroupMember, partitions []kafkago.Partition) kafkago.GroupMemberAssignments {
	members = slices.SortedFunc(slices.Values(members), func(a, b kafkago.GroupMember) int {
		return cmp.Or(slices.Compare(a.UserData, b.UserData), cmp.Compare(a.ID, b.ID))
	})
	of := map[string][]string{} // members by topic
	out := kafkago.GroupMemberAssignments{}
	for _, m := range members {
		out[m.ID] = map[string][]int{}
		for _, topic := range m.Topics {
			of[topic] = append(of[topic], m.ID)
		}
	}
	all := map[string][]int{} // partitions by topic
	for _, p := range partitions {
		all[p.Topic] = append(all[p.Topic], p.ID)
	}
	for topic, ids := range of {
		slices.Sort(all[topic])
		n := len(all[topic])
		for i, id := range ids {
			if part := all[topic][i*n/len(ids) : (i+1)*n/len(ids)]; len(part) > 0 {
				out[id][topic] = part
			}
		}
	}
	return out
}
