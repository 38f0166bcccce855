package report

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"counterpoint"
)

// Point is where a report came from, in degrees. It goes no further than Cell.
type Point struct{ Lat, Lon float64 }

var errPoint = errors.New("is not a geopoint: latitude and longitude in degrees, as in \"4.5 18.5 350 5\"")

// parsePoint reads "lat lon", or "lat lon altitude accuracy".
func parsePoint(v string) (*Point, error) {
	parts := strings.Fields(v)
	if len(parts) < 2 || len(parts) > 4 {
		return nil, errPoint
	}
	n := make([]float64, len(parts))
	for i, p := range parts {
		var err error
		if n[i], err = strconv.ParseFloat(p, 64); err != nil || math.IsNaN(n[i]) || math.IsInf(n[i], 0) {
			return nil, errPoint
		}
	}
	if math.Abs(n[0]) > 90 || math.Abs(n[1]) > 180 {
		return nil, errPoint
	}
	return &Point{n[0], n[1]}, nil
}

// CellSizes are the sizes of a cell in degrees, the finest first. Half a degree is some 55 km.
var CellSizes = []float64{0.5, 1, 2, 5}

// The grid of PRIO-GRID: half degrees, 720 by 360, numbered from 1 in the south-west corner eastwards, then northwards.
const (
	gridDegree  = 0.5
	gridColumns = 720
	gridRows    = 360
)

// Cell is the PRIO-GRID id of the cell the point is in. Of a coarser grid it is that of the south-westernmost cell and
// the size, as in 135758/2.
func (p Point) Cell(size float64) string {
	if size < gridDegree {
		size = gridDegree
	}
	edge := int(size / gridDegree)
	row := min(int((p.Lat+90)/gridDegree), gridRows-1) / edge * edge
	col := min(int((p.Lon+180)/gridDegree), gridColumns-1) / edge * edge
	id := row*gridColumns + col + 1
	if edge == 1 {
		return strconv.Itoa(id)
	}
	return fmt.Sprintf("%d/%g", id, size)
}

// Area is an area of the mission's closed list, by which reports may name where they come from.
type Area struct {
	Name string   `yaml:"name"`
	Also []string `yaml:"also"` // other spellings, and the values by which forms name it
	Cell string   `yaml:"cell"` // PRIO-GRID id; default none
}

// Areas is the closed list.
type Areas []Area

// Find is the area of a name. A name that is not in the list is no area, and is not kept.
func (as Areas) Find(name string) (Area, bool) {
	want := counterpoint.Fold(name)
	if want == "" {
		return Area{}, false
	}
	for _, a := range as {
		for _, n := range append([]string{a.Name}, a.Also...) {
			if counterpoint.Fold(n) == want {
				return a, true
			}
		}
	}
	return Area{}, false
}
