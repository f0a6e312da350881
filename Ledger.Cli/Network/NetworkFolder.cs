using Ledger.Cli.Keys;
using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Cli.Network;

/// <summary>
/// Writes a network to disk: <c>genesis.json</c>, <c>client.key.json</c>, and for each validator a folder
/// with its <c>node.json</c> and its <c>validator.key.json</c>.
/// </summary>
internal static class NetworkFolder
{
    public const string GenesisName = "genesis.json";
    public const string ClientKeyName = "client.key.json";
    public const string ConfigName = "node.json";
    public const string ValidatorKeyName = "validator.key.json";

    public static string ClientKeyPath(string folder) => Path.Combine(folder, ClientKeyName);

    public static string ConfigPath(string folder, ValidatorPlan validator)
        => Path.Combine(folder, validator.Name, ConfigName);

    /// <summary>The folder must be new or empty.</summary>
    public static Genesis Create(string folder, NetworkPlan plan, DateTimeOffset now)
    {
        Directory.CreateDirectory(folder);
        using var client = SigningKey.Generate();
        KeyFiles.Create(ClientKeyPath(folder), client, passphrase: null);

        List<Validator> members = [];
        foreach (var validator in plan.Validators)
        {
            var home = Directory.CreateDirectory(Path.Combine(folder, validator.Name)).FullName;
            using var key = SigningKey.Generate();
            KeyFiles.Create(Path.Combine(home, ValidatorKeyName), key, passphrase: null);
            members.Add(new(validator.Name, key.PublicKey, IsWitness: plan.IsWitness(members.Count)));
        }

        // Each validator gets its own copy of the one genesis: its folder is then all that its container
        // needs.
        Genesis genesis = new(
            plan.ChainId, plan.Mode, new(now.ToUnixTimeMilliseconds()), members, RolesOf(client.PublicKey),
            plan.Evidence);
        var text = GenesisFile.Write(genesis);
        File.WriteAllText(Path.Combine(folder, GenesisName), text);
        for (var i = 0; i < plan.Validators.Count; i++)
        {
            File.WriteAllText(Path.Combine(folder, plan.Validators[i].Name, GenesisName), text);
            File.WriteAllText(ConfigPath(folder, plan.Validators[i]), NodeConfigFile.Write(plan, i));
        }

        return genesis;
    }

    /// <summary>The client may do everything, so that a newcomer's first command works.</summary>
    private static GenesisRole[] RolesOf(PublicKey client) =>
    [
        new(client, Role.Admin, ""),
        new(client, Role.Issuer, ""),
        new(client, Role.Writer, TransactionRules.AnyNamespace),
    ];
}
