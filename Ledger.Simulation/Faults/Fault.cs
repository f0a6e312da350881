namespace Ledger.Simulation;

/// <summary>
/// Everything that may go wrong around honest validators. A closed family; users name them in lower case.
/// </summary>
public enum Fault
{
    /// <summary>A message vanishes.</summary>
    Loss,

    /// <summary>A message arrives twice.</summary>
    Duplicate,

    /// <summary>A message is overtaken by later ones.</summary>
    Reorder,

    /// <summary>Validators stand on three continents.</summary>
    Delay,

    /// <summary>Two groups do not hear each other until it heals.</summary>
    Partition,

    /// <summary>A group is not heard, though it hears.</summary>
    OneWay,

    /// <summary>A validator takes its time for everything.</summary>
    Slow,

    /// <summary>Clocks are set differently and run at different rates.</summary>
    Drift,

    /// <summary>
    /// A process dies: at once, before or after a write is durable, or between two words it says.
    /// </summary>
    Crash,

    /// <summary>A process dies in a write, and half of it is on the disk.</summary>
    Torn,

    /// <summary>A process dies in a write, and nothing of it is on the disk.</summary>
    Unsynced,

    /// <summary>
    /// A durable record of the journal is not what was written; the validator must refuse to start.
    /// </summary>
    BadChecksum,

    /// <summary>Writes fail for a while; the validator must stop.</summary>
    DiskFull,

    /// <summary>Raft: an operator has the leader hand over, at any moment.</summary>
    Transfer,

    /// <summary>An admin lets validators come and go.</summary>
    Members,

    /// <summary>A process stands still for a while, and finds all that came meanwhile.</summary>
    Pause,
}

/// <summary>Some of the faults, as a user names them.</summary>
public readonly record struct FaultSet
{
    private readonly int _bits;

    private FaultSet(int bits) => _bits = bits;

    public static FaultSet None => default;

    public static FaultSet All { get; } = new((1 << Enum.GetValues<Fault>().Length) - 1);

    public static IReadOnlyList<string> Names { get; } = [.. Enum.GetValues<Fault>().Select(NameOf)];

    public bool Has(Fault fault) => (_bits & (1 << (int)fault)) != 0;

    public FaultSet Without(Fault fault) => new(_bits & ~(1 << (int)fault));

    public FaultSet With(Fault fault) => new(_bits | (1 << (int)fault));

    public static string NameOf(Fault fault) => fault switch
    {
        Fault.OneWay => "one-way",
        Fault.BadChecksum => "bad-checksum",
        Fault.DiskFull => "disk-full",
        _ => fault.ToString().ToLowerInvariant(),
    };

    /// <summary>Reads "all", "none" or names with commas between.</summary>
    /// <param name="text">As the user wrote it.</param>
    /// <param name="faults">What it names.</param>
    /// <param name="unknown">The first word that names no fault.</param>
    public static bool TryParse(string text, out FaultSet faults, out string unknown)
    {
        faults = None;
        unknown = "";
        foreach (var word in text.Split(
            ',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var index = Names.ToList().IndexOf(word);
            if (index < 0 && word is not ("all" or "none"))
            {
                unknown = word;
                return false;
            }

            faults = word switch
            {
                "all" => All,
                "none" => faults,
                _ => faults.With((Fault)index),
            };
        }

        return true;
    }

    public override string ToString()
    {
        var self = this;
        return this == All ? "all"
            : this == None ? "none"
            : string.Join(',', Enum.GetValues<Fault>().Where(self.Has).Select(NameOf));
    }
}
