package session

// ring is a queue of items that grows as needed and lets go of its memory when it has been large.
type ring struct {
	items []item
	head  int
	n     int
}

func (r *ring) len() int { return r.n }

// at returns the i-th oldest item.
func (r *ring) at(i int) *item { return &r.items[(r.head+i)%len(r.items)] }

func (r *ring) push(it item) {
	if r.n == len(r.items) {
		bigger := make([]item, max(2, 2*len(r.items)))
		for i := range r.n {
			bigger[i] = *r.at(i)
		}
		r.items, r.head = bigger, 0
	}
	r.n++
	*r.at(r.n - 1) = it
}

func (r *ring) pop() item {
	it := r.items[r.head]
	r.items[r.head] = item{}
	r.head = (r.head + 1) % len(r.items)
	r.n--
	if r.n == 0 && len(r.items) > 16 {
		r.items, r.head = nil, 0
	}
	return it
}
