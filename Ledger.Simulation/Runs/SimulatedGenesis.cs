using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Simulation;

/// <summary>
/// What a simulated network begins with: its validators, its clients and, where members move, an admin.
/// </summary>
internal static class SimulatedGenesis
{
    public static Genesis Of(SimulationOptions options, int spares)
    {
        Validator[] members =
            [.. Enumerable.Range(0, options.Nodes).Select(i => new Validator($"validator-{i}", KeyOf(i)))];
        GenesisRole[] roles = [.. Enumerable.Range(0, options.Clients).Select(i =>
            new GenesisRole(ClientKey(i), Role.Writer, SimulatedClient.Namespace))];
        if (spares > 0)
        {
            roles = [.. roles, new(SimulatedAdmin.Key.PublicKey, Role.Admin, "")];
        }

        var mode = options.IsRaft ? ConsensusMode.Raft : ConsensusMode.Pbft;
        return new("simulation", mode, new(1_700_000_000_000), members, roles);
    }

    /// <summary>The key of the machine that has this seat.</summary>
    public static PublicKey KeyOf(int seat) => new(Sha256.Hash([(byte)seat]).ToArray());

    private static PublicKey ClientKey(int number)
    {
        using var key = SimulatedClient.KeyOf(number);
        return key.PublicKey;
    }
}
