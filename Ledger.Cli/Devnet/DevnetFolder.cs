using System.Text.Json;
using Ledger.Cli.Network;
using Ledger.Cli.Shell;
using Ledger.Core;

namespace Ledger.Cli.Devnet;

/// <summary>
/// What a devnet was made with; a folder keeps it, so that it can be started again as it was.
/// </summary>
internal sealed record DevnetSettings(
    int Validators, string Mode, int BasePort, string Evidence = "record", int Witnesses = 0)
{
    public NetworkPlan Plan(string chainId)
    {
        var mode = Mode == "raft" ? ConsensusMode.Raft : ConsensusMode.Pbft;
        var evidence = Evidence == "suspend" ? EvidencePolicy.Suspend : EvidencePolicy.Record;
        return NetworkPlan.OnThisMachine(chainId, mode, Validators, BasePort) with
        {
            Evidence = evidence,
            Witnesses = Witnesses,
        };
    }

    public override string ToString()
        => $"--validators {Validators} --mode {Mode} --base-port {BasePort}"
            + (Evidence == "record" ? "" : $" --evidence {Evidence}")
            + (Witnesses == 0 ? "" : $" --witnesses {Witnesses}");
}

/// <summary>The folder of one devnet: made once, then resumed.</summary>
internal sealed class DevnetFolder
{
    public const string DefaultPath = ".ledger-devnet";

    private const string SettingsName = "devnet.json";

    private static readonly JsonSerializerOptions Json =
        new(JsonSerializerDefaults.Web) { WriteIndented = true };

    private DevnetFolder(string path, DevnetSettings settings)
    {
        Path = path;
        Settings = settings;
        Plan = settings.Plan(GenesisFile.Parse(
            File.ReadAllText(System.IO.Path.Combine(path, NetworkFolder.GenesisName))).ChainId);
        Validators = [.. Plan.Validators.Select(validator => new DevnetValidator(path, validator))];
    }

    public string Path { get; }

    public DevnetSettings Settings { get; }

    public NetworkPlan Plan { get; }

    public IReadOnlyList<DevnetValidator> Validators { get; }

    public string ClientKey => NetworkFolder.ClientKeyPath(Path);

    public static DevnetFolder Open(string path)
        => Find(path) ?? throw new CliException(
            $"there is no devnet in {path}", $"make one with 'ledger devnet --dir {path}'");

    /// <returns>Null when the folder holds no devnet.</returns>
    public static DevnetFolder? Find(string path)
    {
        var full = System.IO.Path.GetFullPath(path);
        var file = System.IO.Path.Combine(full, SettingsName);
        if (!File.Exists(file))
        {
            return null;
        }

        try
        {
            return JsonSerializer.Deserialize<DevnetSettings>(File.ReadAllText(file), Json) is { } settings
                ? new(full, settings)
                : throw new JsonException();
        }
        catch (JsonException)
        {
            throw new CliException($"{file} is damaged", "start anew with --fresh");
        }
    }

    /// <summary>
    /// Resumes the folder if it was made with the same settings, makes it if there is none.
    /// </summary>
    public static DevnetFolder OpenOrCreate(string path, DevnetSettings settings, bool fresh)
    {
        var full = System.IO.Path.GetFullPath(path);
        if (fresh && Directory.Exists(full))
        {
            RemoveOld(full);
        }

        if (Find(full) is { } folder)
        {
            return folder.Settings == settings
                ? folder
                : throw new CliException(
                    $"{path} holds a devnet made with {folder.Settings}",
                    "start it with these, choose another --dir, or make it anew with --fresh");
        }

        if (Directory.Exists(full) && Directory.EnumerateFileSystemEntries(full).Any())
        {
            throw new CliException($"{path} holds something else than a devnet", "choose another --dir");
        }

        // Each devnet is a chain of its own: what was signed for one is nothing to another.
        var chainId =
            $"devnet-{Convert.ToHexStringLower(System.Security.Cryptography.RandomNumberGenerator.GetBytes(4))}";
        NetworkFolder.Create(full, settings.Plan(chainId), DateTimeOffset.UtcNow);
        File.WriteAllText(
            System.IO.Path.Combine(full, SettingsName), JsonSerializer.Serialize(settings, Json));
        return Open(full);
    }

    /// <summary>
    /// Removes a devnet that does not run; anything else that may lie there is not ours to remove.
    /// </summary>
    private static void RemoveOld(string full)
    {
        if (!Directory.EnumerateFileSystemEntries(full).Any())
        {
            return;
        }

        Open(full).RefuseRunning();
        Directory.Delete(full, recursive: true);
    }

    public void RefuseRunning()
    {
        if (Validators.Any(validator => validator.RunningPid() is not null))
        {
            throw new CliException(
                $"the devnet in {Path} is running", $"stop it with 'ledger devnet stop --dir {Path}'");
        }
    }
}
