using System.Text.Json;
using Ledger.Core;

namespace Ledger.Cli.Network;

/// <summary>The <c>node.json</c> of one validator. Paths in it are relative to the file.</summary>
internal static class NodeConfigFile
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public static string Write(NetworkPlan plan, int index, IReadOnlyList<Validator> members)
    {
        var self = plan.Validators[index];
        return JsonSerializer.Serialize(
            new
            {
                Node = new
                {
                    self.Name,
                    Genesis = NetworkFolder.GenesisName,
                    KeyFile = NetworkFolder.ValidatorKeyName,
                    DataDirectory = "data",
                },
                Http = new { Listen = $"{self.ListenHost}:{self.HttpPort}" },
                Admin = new { Listen = $"127.0.0.1:{self.AdminPort}" },
                Peers = new
                {
                    Listen = $"{self.ListenHost}:{self.PeerPort}",
                    Validators = members.Select((member, i) => new
                    {
                        member.Name,
                        PublicKey = member.PublicKey.ToString(),
                        Address = plan.Validators[i].PeerAddress,
                    }),
                },
            },
            Json);
    }
}
